import type {
  Clock,
  Deadlines,
  Health,
  LimitRule,
  Message,
  MessagePage,
  ModelBackend,
  ModelInfo,
  ModelSettings,
  Page,
  PageRequest,
  Part,
  PromptMessage,
  Quota,
  ResponseFormat,
  Session,
  SessionInit,
  SessionKey,
  SessionPatch,
  Storage,
  StoreStats,
  ToolChoice,
  ToolSpec,
  TurnEvent,
  TurnOutcome,
} from "../contracts/index.ts";
import type { ChatError } from "../errors/index.ts";
import type { Tool } from "../tools/index.ts";

export interface EngineOptions {
  /** The model; its tag is its own name. */
  readonly backend: ModelBackend;
  /** Further models by tag, 1–100 characters: for turns and sessions that name one, and to swap to. */
  readonly models?: { readonly [tag: string]: ModelBackend };
  /** By name, 1–64 characters of A-Z a-z 0-9 _ -. Every model has to have the capability `tools`. */
  readonly tools?: { readonly [name: string]: Tool };
  /** How often in one turn the model may be asked again with what its tools gave; the last time it may call none. Default 8. */
  readonly maxToolSteps?: number;
  /** Default: `memory()`. */
  readonly storage?: Storage;
  /** What a prompt may hold of a session's past; the model's context limits it anyway. */
  readonly window?: {
    /** Default 50. */
    readonly messages?: number;
    /** Characters of all messages together; default: no limit of its own. */
    readonly characters?: number;
  };
  /** For sessions that bring none. */
  readonly systemPrompt?: string;
  /** Used where a call names none; over the backend's own defaults. */
  readonly settings?: ModelSettings;
  /** Per owner. */
  readonly limits?: LimitOptions;
  readonly deadlines?: Partial<Deadlines>;
  readonly busy?: BusyOptions;
  /** How long a turn goes on that nobody listens to; default 120,000, `Infinity` allowed. */
  readonly detachedMs?: number;
  readonly lease?: { /** Default 10,000. */ readonly ms?: number; /** Default 3,000. */ readonly renewMs?: number };
  /** Most characters of one answer, reasoning included; default 4,194,304. */
  readonly maxAnswerCharacters?: number;
  /** Most characters of one message; default 32,000. */
  readonly maxMessageCharacters?: number;
  /** Called once per turn that was accepted or refused, after it ended. */
  readonly onTurn?: (summary: TurnSummary) => void;
  /** A failure nobody waits for (a settle that will be folded later). Must not throw. */
  readonly onError?: (error: unknown, during: string) => void;
  readonly clock?: Clock;
  /** Makes ids; default UUIDv7. */
  readonly newId?: () => string;
}

export interface LimitOptions {
  readonly requests?: readonly LimitRule[];
  /** Reserved before the call by estimate, settled by usage. */
  readonly tokens?: readonly LimitRule[];
  readonly concurrentTurns?: number;
}

export interface BusyOptions {
  /** What a second turn on a session does; default `queue`. */
  readonly policy?: "queue" | "reject";
  /** Default 8. */
  readonly maxWaiting?: number;
  /** Default 10,000. */
  readonly maxWaitMs?: number;
}

/** A turn to run. With a session its past is the prompt's; without one nothing is stored. */
export interface TurnInput {
  readonly owner: string;
  readonly session?: string;
  /** What the user says. Absent with `regenerate`, or where `messages` are given. */
  readonly message?: string | readonly Part[];
  /** Of a stateless call the whole prompt; with a session what is said now, of users and tools: results of calls it has asked for. */
  readonly messages?: readonly PromptMessage[];
  /**
   * Answers the last user message again, or the one before or at this message; the old answer, with all that follows it, is superseded when
   * the new one is complete.
   */
  readonly regenerate?: boolean | { readonly message: string };
  /** Id of a message of the user that `message` replaces; it and what follows are superseded when the new answer is complete. */
  readonly editOf?: string;
  /** For this turn only; over the session's own. */
  readonly systemPrompt?: string;
  /** For the session, if this turn makes it. */
  readonly init?: SessionInit;
  readonly settings?: ModelSettings;
  /**
   * Further tools, which whoever asks runs: a turn that calls one ends there, with the finish reason `tool-calls`, and goes on with a turn
   * whose `messages` hold the results. Throws `unsupported_by_model`.
   */
  readonly tools?: readonly ToolSpec[];
  /** For the first call of this turn; default `auto`. */
  readonly toolChoice?: ToolChoice;
  /** Throws `unsupported_by_model`. */
  readonly responseFormat?: ResponseFormat;
  /** Tag of a model; default: the session's, else the current one. Throws `unknown_model`. */
  readonly model?: string;
  /** 1–255 characters; the same key gives the same turn for 24 h. */
  readonly idempotencyKey?: string;
  /**
   * What was asked, as JSON, where `message`, `editOf` or `regenerate` were made of it and of what the session holds by now: a retry with
   * the same idempotency key is known by this in their place. Default: by them.
   */
  readonly idempotencyBody?: unknown;
  /** `session` is an id made for this call: asked again with the same idempotency key it is another, and the turn is the same. */
  readonly isNewSession?: boolean;
  readonly onBusy?: "queue" | "reject";
  /** Called once the session is this turn's, and not for a repeat: what it throws refuses the turn before anything is stored. */
  readonly onClaim?: () => Promise<void>;
  /** The user's message keeps this id. */
  readonly messageId?: string;
  /** Says that who asked has gone: ends waiting in a queue, and nothing after that. A function is asked for it only by a turn that waits. */
  readonly signal?: AbortSignal | (() => AbortSignal);
  /** Handed through to `onTurn`. */
  readonly requestId?: string;
  /** Whose limits this turn takes; default: the owner's. For owners that anybody can make up, an address. */
  readonly limitKey?: string;
  /** Called with what the limits on requests leave, once the turn has passed them. */
  readonly onQuotas?: (quotas: readonly Quota[]) => void;
}

export interface Reader {
  /**
   * Events in order, one array per batch; the last one ends with the `end` event. An empty array: there is nothing after this
   * offset and never will be, the `end` was the event before. Returning false ends the subscription after this batch.
   */
  onBatch(events: readonly TurnEvent[]): boolean | void;
  /** Reading failed (the store is down, the log has expired); the turn itself may go on. */
  onError?(error: ChatError): void;
}

/** A turn that runs, or ran, somewhere: subscribe, wait, stop. */
export interface Turn {
  readonly id: string;
  readonly key: SessionKey;
  /** False: a stateless call. */
  readonly stored: boolean;
  /** Id of the assistant's message. */
  readonly message: string;
  /** Tag of the model. */
  readonly model: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Every event after `after`, once and in order, the `end` event last; an offset beyond it is `cursor_expired`. */
  subscribe(after: number, reader: Reader): () => void;
  /** The event with this offset; undefined: it has not come yet, or is not kept any more. */
  at(offset: number): Promise<TurnEvent | undefined>;
  /** The settled answer, whole or as its user stopped it. Counts as a listener. Rejects if the turn failed or cannot be read. */
  reply(): Promise<Reply>;
  stop(): Promise<void>;
}

export interface Reply {
  readonly turn: string;
  /** Id of the assistant's message. */
  readonly message: string;
  readonly session?: string;
  readonly text: string;
  readonly reasoning: string;
  /** All of it, in order. */
  readonly parts: readonly Part[];
  readonly model: string;
  readonly createdAt: string;
  readonly outcome: TurnOutcome;
}

/**
 * `engine.stream`: usable at once. Iterating it throws what refused the call and, after the `end` event, the error of a turn that
 * failed. Leaving the loop is not a stop: the turn goes on for `detachedMs` unless `stop()` is called.
 */
export interface TurnStream extends AsyncIterable<TurnEvent> {
  /** Once it resolves, the user's message is stored. */
  readonly accepted: Promise<Turn>;
  /** One array per read. */
  batches(): AsyncIterable<readonly TurnEvent[]>;
  reply(): Promise<Reply>;
  stop(): Promise<void>;
}

export interface TurnSummary {
  readonly owner: string;
  readonly session?: string;
  readonly turn: string;
  readonly model: string;
  readonly provider: string;
  readonly requestId?: string;
  /** `refused`: it never began. */
  readonly status: TurnOutcome["status"] | "refused";
  readonly code?: string;
  readonly outcome?: TurnOutcome;
  /** Milliseconds: until its message was stored, to the first event, in all. */
  readonly acceptedMs?: number;
  readonly firstEventMs?: number;
  readonly totalMs: number;
}

export interface EngineHealth {
  readonly state: "ready" | "draining" | "closed";
  readonly backend: Health;
  readonly stores: {
    readonly [part: string]: { readonly name: string; readonly durability: string; readonly healthy: boolean };
  };
  readonly liveTurns: number;
}

export interface History {
  readonly session: Session;
  /** Oldest first. */
  readonly messages: readonly Message[];
}

/** Conversations as the engine sees them: a live turn is stopped before its session goes, a dead one folded before it is read. */
export interface Sessions {
  create(key: SessionKey, init?: SessionInit): Promise<Session>;
  get(key: SessionKey): Promise<Session | undefined>;
  update(key: SessionKey, patch: SessionPatch): Promise<Session | undefined>;
  history(key: SessionKey, page?: Partial<MessagePage>): Promise<History | undefined>;
  list(owner: string, page?: Partial<PageRequest>): Promise<Page<Session>>;
  /** Stores a message between two turns, without asking the model; undefined when there is no such session. */
  add(
    key: SessionKey,
    message: { readonly role: "system" | "user" | "assistant"; readonly text: string },
  ): Promise<Message | undefined>;
  clear(key: SessionKey): Promise<number | undefined>;
  delete(key: SessionKey): Promise<boolean>;
  /** Erases everything of one owner; how many sessions. */
  deleteOwner(owner: string): Promise<number>;
  stats(owner?: string): Promise<StoreStats>;
}

/** What can be asked. With several models, which one is current is kept in the storage, for all its nodes. */
export interface Models {
  /** Tag of the model of turns that name none, and whose sessions name none; at most 5 s behind a swap on another node. */
  readonly current: string;
  list(): readonly { readonly tag: string; readonly info: ModelInfo }[];
  /** Makes this the current model on every node. Turns that run go on with theirs. Throws `unknown_model`. */
  swap(tag: string): Promise<void>;
}

export interface ChatEngine {
  /** Of the current model. */
  readonly info: ModelInfo;
  readonly models: Models;
  /** `draining` from the call of `close` on. */
  readonly state: "ready" | "draining" | "closed";
  /** Aborts with the call of `close`: for those who keep connections open between turns. */
  readonly closing: AbortSignal;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly sessions: Sessions;
  /** Defaults of a call: the current model's with the engine's over them. */
  readonly settings: ModelSettings;
  readonly maxMessageCharacters: number;
  /** Runs a turn; iterate it. */
  stream(input: TurnInput): TurnStream;
  /** Runs a turn; resolves once the user's message is stored. Throws what refuses it. */
  start(input: TurnInput): Promise<Turn>;
  /** Runs a turn and waits for the answer. Throws if it fails. */
  send(input: TurnInput): Promise<Reply>;
  /** A turn by id, live or recently ended, on any node. Throws `not_found` or `cursor_expired`. */
  turn(key: SessionKey, id: string): Promise<Turn>;
  /** The turn that runs on a session now. */
  live(key: SessionKey): Promise<Turn | undefined>;
  /**
   * Stops the running turn of a session and those that wait; what was generated is kept. False: none was there. Waits until it has
   * ended, for a turn of another node at most 5 s.
   */
  stop(key: SessionKey): Promise<boolean>;
  health(): Promise<EngineHealth>;
  /** Turns of this process that run now, and those that wait for their session; asks nobody. */
  load(): { readonly live: number; readonly waiting: number };
  /** Stops admitting, also who has no claim yet, lets turns finish for `drainMs` (default 10,000), interrupts the rest, closes backend and storage. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}
