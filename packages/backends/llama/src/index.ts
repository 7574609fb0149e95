export { llama } from "./backend.ts";
export type { LlamaOptions } from "./options.ts";
