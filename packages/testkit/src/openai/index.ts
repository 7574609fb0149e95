export { failure, reasoning, repliesOf, text, toolCall } from "./reply.ts";
export type { FakeReply, FakeUsage, FakeWire, ReasoningCarrier, Step } from "./reply.ts";
export { fakeOpenAI } from "./server.ts";
export type { FakeOpenAI, FakeOpenAIOptions, FakeRequest, FakeRequestBody } from "./server.ts";
