export { inference, type InferenceBackend } from "./backend.ts";
export type { ServiceModels } from "./models.ts";
export type { InferenceOptions } from "./options.ts";
