export { llama } from "./backend.ts";
export { fetchModel, type FetchModelOptions, isModelUri } from "./fetch-model.ts";
export type { LlamaOptions } from "./options.ts";
