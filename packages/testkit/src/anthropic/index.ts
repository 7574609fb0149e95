export { messagesApi } from "./fixtures.ts";
export { errorEvent, failure, ping, redactedThinking, text, thinking, toolUse } from "./reply.ts";
export type { FakeError, FakeReply, FakeUsage, Step } from "./reply.ts";
export { fakeAnthropic } from "./server.ts";
export type { FakeAnthropic, FakeAnthropicOptions } from "./server.ts";
