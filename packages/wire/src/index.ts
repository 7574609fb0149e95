export { readsOf, startOf, type Reads } from "./body.ts";
export { PassiveHealth } from "./health.ts";
export { nodeFetch, type Answer, type NodeFetch, type Post } from "./node-fetch.ts";
export { retryAfterOf, retrying, type RetryRules } from "./retry.ts";
export { streamAnswer, type Conversation, type EventReader } from "./stream-answer.ts";
export { causeIn, fromTransport } from "./transport.ts";
