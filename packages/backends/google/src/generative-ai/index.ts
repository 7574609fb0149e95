export { generativeAi } from "./backend.ts";
export type { GenerativeAiOptions } from "./options.ts";
