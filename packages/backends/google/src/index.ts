export { google } from "./backend.ts";
export type { SafetySetting } from "./gemini.ts";
export type { GoogleOptions } from "./options.ts";
