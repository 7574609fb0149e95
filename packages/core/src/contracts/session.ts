import type { Json, Message, NewMessage, Usage } from "./message.ts";
import type { StorePart } from "./store-part.ts";

/**
 * Names a session: whose it is, and which. The same id of two owners is two sessions. Owners and ids, those of messages and turns
 * too, are well-formed Unicode without NUL; a store keeps any such apart, without folding or normalising.
 */
export interface SessionKey {
  /** 1–256 characters. */
  readonly owner: string;
  /** 1–128 characters. */
  readonly id: string;
}

export interface SessionInit {
  readonly title?: string;
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly metadata?: { readonly [key: string]: Json };
}

export interface SessionPatch {
  readonly title?: string;
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly favorite?: boolean;
  /** Replaces all of it. */
  readonly metadata?: { readonly [key: string]: Json };
}

export interface Session extends SessionKey {
  readonly title?: string;
  readonly systemPrompt?: string;
  readonly model?: string;
  readonly favorite: boolean;
  readonly metadata: { readonly [key: string]: Json };
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** When a message was last added or settled, or a field changed; never goes back within a session. */
  readonly updatedAt: string;
  /** Messages that are not superseded. */
  readonly messageCount: number;
  /** The user's messages among them. */
  readonly turnCount: number;
  /** Sum over the session's settled answers; what was used stays used when messages go. */
  readonly usage: Pick<Usage, "inputTokens" | "outputTokens">;
}

/** What of a session's past a prompt could need. */
export interface WindowRequest {
  /** At most so many messages … */
  readonly last: number;
  /** … and so many characters, as `windowCharacters` counts text and media; the newest one always comes, unless `last` is 0. */
  readonly maxCharacters: number;
  /** Only messages with a smaller seq. */
  readonly before?: number;
}

export interface OpenRequest {
  /** Used when the session is made now. */
  readonly init?: SessionInit;
  /** Idempotent by message id. */
  readonly append: readonly NewMessage[];
  readonly window: WindowRequest;
}

export interface OpenedSession {
  readonly session: Session;
  /** Whether it was made by this call. */
  readonly created: boolean;
  /** What the call asked to append, in order, as it is stored: also what was there already. */
  readonly appended: readonly Message[];
  /**
   * Messages before the appended ones, oldest first, without failed, streaming and superseded ones and those that hold nothing
   * but reasoning or empty text.
   */
  readonly window: readonly Message[];
  /** How many of the session's messages are `streaming` now, appended ones too, superseded ones not: a counter, read with the session. */
  readonly streaming: number;
}

/** Replaces the streaming message of a turn by its final form. */
export interface SettleRequest {
  readonly turn: string;
  /** These become superseded in the same step: from ≤ seq ≤ to, the settled message itself excepted. */
  readonly supersede?: { readonly from: number; readonly to: number };
}

export interface MessagePage {
  readonly limit: number;
  /** Only messages with a smaller seq: the page before. */
  readonly before?: number;
  /** Superseded messages too. */
  readonly superseded?: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly cursor?: string;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
  /** Skips so many; for clients that count, at most 1,000. */
  readonly offset?: number;
}

/** Counters kept by writes, not counted on reading. */
export interface StoreStats {
  readonly sessions: number;
  /** Not superseded. */
  readonly messages: number;
  /** Most sessions it will hold; absent: no bound. */
  readonly maxSessions?: number;
  /** How long an untouched session is kept; absent: for ever. */
  readonly ttlMs?: number;
}

/**
 * Durable conversations. Every call names an owner; what belongs to somebody else is absent, not forbidden.
 * A store that cannot answer throws `store_unavailable`; it never answers with an empty history.
 */
export interface SessionStore extends StorePart {
  /** One round trip: makes the session if missing, appends, loads what the prompt needs. Throws `sessions_full`. */
  open(key: SessionKey, request: OpenRequest): Promise<OpenedSession>;
  /** Atomic, idempotent by message id; its cost depends on the new messages only. Throws `session_not_found`. */
  append(key: SessionKey, messages: readonly NewMessage[]): Promise<Session>;
  /**
   * One atomic step: the message with this id becomes `message` if it is still the `streaming` one of this turn.
   * False if it no longer stands so; then nothing changed.
   */
  settle(key: SessionKey, message: NewMessage, request: SettleRequest): Promise<boolean>;
  /** Throws `session_exists`, `sessions_full`. */
  create(key: SessionKey, init: SessionInit): Promise<Session>;
  get(key: SessionKey): Promise<Session | undefined>;
  update(key: SessionKey, patch: SessionPatch): Promise<Session | undefined>;
  /** Undefined when there is no such session. Oldest first: the last `limit`, or those before a seq. */
  messages(key: SessionKey, page: MessagePage): Promise<readonly Message[] | undefined>;
  /** One message by id, superseded or not. */
  message(key: SessionKey, id: string): Promise<Message | undefined>;
  /**
   * Newest first by (updatedAt, id); the cost of a page does not depend on how many there are. A session touched while
   * someone pages moves to the front; within one chain of cursors nothing is shown twice. Throws `invalid_request` for a cursor that no list gave out.
   */
  list(owner: string, page: PageRequest): Promise<Page<Session>>;
  /** Removes the messages, keeps the session; seqs go on growing. The messageCount there was; undefined when there is no session. */
  clear(key: SessionKey): Promise<number | undefined>;
  delete(key: SessionKey): Promise<boolean>;
  /** Removes everything of one owner; how many sessions. */
  deleteOwner(owner: string): Promise<number>;
  /** Of one owner, or of all. */
  stats(owner?: string): Promise<StoreStats>;
}
