export { inferenceService } from "./fixtures.ts";
export { done, failure, fakeInference, tokens } from "./server.ts";
export type { FakeInferenceOptions, FakeReply } from "./server.ts";
