export type * from "./contracts/index.ts";
export { catalog, ChatError, type ChatErrorOptions, type ErrorCode, type FieldError } from "./errors/index.ts";
export type {
  BusyOptions,
  ChatEngine,
  EngineHealth,
  EngineOptions,
  History,
  LimitOptions,
  Reader,
  Reply,
  Sessions,
  Turn,
  TurnInput,
  TurnStream,
  TurnSummary,
} from "./engine/types.ts";
