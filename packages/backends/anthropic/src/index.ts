export { anthropic } from "./backend.ts";
export type { AnthropicOptions } from "./options.ts";
