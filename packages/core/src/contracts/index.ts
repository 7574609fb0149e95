export type { Clock } from "./clock.ts";
export type {
  FinishReason,
  Json,
  Message,
  MessageMeta,
  MessageStatus,
  NewMessage,
  Part,
  PromptMessage,
  ProviderMeta,
  Role,
  Usage,
} from "./message.ts";
export type {
  BackendEvent,
  Capability,
  Deadlines,
  GenerateRequest,
  Health,
  ModelBackend,
  ModelInfo,
  ModelSettings,
} from "./model.ts";
export type {
  MessagePage,
  OpenedSession,
  OpenRequest,
  Page,
  PageRequest,
  Session,
  SessionInit,
  SessionKey,
  SessionPatch,
  SessionStore,
  SettleRequest,
  StoreStats,
  WindowRequest,
} from "./session.ts";
export type {
  Bus,
  Decision,
  LimitReceipt,
  LimitRule,
  LimitStore,
  RecordStore,
  Unsubscribe,
} from "./limits-records-bus.ts";
export type { Storage } from "./storage.ts";
export type { StoreInfo, StorePart } from "./store-part.ts";
export type {
  Batch,
  Claim,
  ClaimRequest,
  ClaimResult,
  Idempotency,
  LogPage,
  LoggedEvent,
  NewTurn,
  Renewal,
  TurnEvent,
  TurnOutcome,
  TurnRecord,
  TurnStore,
} from "./turn.ts";
