export { openai } from "./backend.ts";
export type { OpenAIOptions } from "./options.ts";
