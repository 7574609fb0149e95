export type * from "./contracts/index.ts";
export { systemClock } from "./clock.ts";
export { createChatEngine } from "./engine/create-chat-engine.ts";
export { failureOf } from "./engine/failure-of.ts";
export { uuidv7 } from "./engine/ids.ts";
export type {
  BusyOptions,
  ChatEngine,
  EngineHealth,
  EngineOptions,
  History,
  LimitOptions,
  Models,
  Reader,
  Reply,
  Sessions,
  Turn,
  TurnInput,
  TurnStream,
  TurnSummary,
} from "./engine/types.ts";
export { isoTime } from "./iso-time.ts";
export { catalog, ChatError, type ChatErrorOptions, type ErrorCode, type FieldError } from "./errors/index.ts";
export { LimitsWithStandIn, noPlaceLeft, takeRequest } from "./limits/index.ts";
export { memory, type MemoryOptions } from "./memory/index.ts";
export { belongsInWindow, hasContent, windowCharacters } from "./memory/prompt-window.ts";
export {
  balance,
  circuitBreaker,
  type CircuitBreakerOptions,
  fallback,
  type FallbackOptions,
  limitConcurrency,
  type LimitConcurrencyOptions,
  retry,
  type RetryOptions,
} from "./resilience/index.ts";
export { tool, type Tool, type ToolContext, ToolError, type ToolInputSchema, type ToolOptions } from "./tools/index.ts";
export {
  type Budget,
  characters,
  charactersOf,
  fit,
  type Fitted,
  lastMessages,
  mediaTokens,
  tokens,
} from "./truncation/index.ts";
