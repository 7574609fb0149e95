export { chatCompletions, chatCompletionsOf, type ChatDialect } from "./chat-fixtures.ts";
export { responses } from "./responses-fixtures.ts";
export { toResponsesEvents, toResponsesRecord } from "./responses-records.ts";
export { failure, reasoning, repliesOf, text, toolCall } from "./reply.ts";
export type { FakeReply, FakeUsage, ReasoningCarrier, Step } from "./reply.ts";
export { fakeResponses } from "./responses-server.ts";
export type { FakeResponse, FakeResponsesOptions } from "./responses-server.ts";
export { fakeOpenAI } from "./server.ts";
export type { FakeOpenAI, FakeOpenAIOptions, FakeRequest, FakeRequestBody } from "./server.ts";
