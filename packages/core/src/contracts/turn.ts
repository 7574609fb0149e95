import type { FinishReason, ProviderMeta, Usage } from "./message.ts";
import type { SessionKey } from "./session.ts";
import type { StorePart } from "./store-part.ts";

/** How a turn ended. */
export interface TurnOutcome {
  readonly status: "complete" | "interrupted" | "failed";
  readonly finishReason?: FinishReason;
  readonly usage?: Usage;
  /** Of a failure, or why it was interrupted: a catalogue code and a sentence a person can act on. */
  readonly error?: { readonly code: string; readonly detail: string; readonly retryAfterMs?: number };
  /** From the start of the model call, in milliseconds. */
  readonly generationMs?: number;
}

/** What readers see. The first event of a turn has offset 1; offsets have no gaps. */
export type TurnEvent = { readonly offset: number; readonly meta?: ProviderMeta } & (
  | { readonly type: "text"; readonly text: string; /** Counts text events from 0. */ readonly index: number }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "tool-call"; readonly id: string; readonly name: string; readonly input: unknown }
  /** What a tool of the engine gave; `id` is the call's. */
  | { readonly type: "tool-result"; readonly id: string; readonly output: unknown; readonly isError?: boolean }
  | ({ readonly type: "end" } & TurnOutcome)
);

/** An event as the log keeps it: the terminal one is written by `end` alone. */
export type LoggedEvent = TurnEvent;

/** What a turn is, for whoever meets it. */
export interface TurnRecord {
  readonly key: SessionKey;
  readonly id: string;
  /** Id of the assistant's message. */
  readonly message: string;
  readonly model: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Present once it ended. */
  readonly outcome?: TurnOutcome;
}

export type NewTurn = Pick<TurnRecord, "id" | "message" | "model" | "createdAt">;

/** The right to write a turn; `epoch` grows with each writer, so an older one is refused. */
export interface Claim {
  readonly key: SessionKey;
  readonly turn: string;
  readonly epoch: number;
}

export interface Idempotency {
  /** The client's key, 1–255 characters; scoped to owner and kind. */
  readonly key: string;
  /** Which kind of call: `chat`, `regenerate` … */
  readonly kind: string;
  readonly bodyHash: string;
}

export interface ClaimRequest {
  readonly leaseMs: number;
  readonly idempotency?: Idempotency;
}

export type ClaimResult =
  | { readonly kind: "won"; readonly claim: Claim }
  /** Another turn runs on this session; its lease has `leaseMs` left. */
  | { readonly kind: "busy"; readonly turn: TurnRecord; readonly leaseMs: number }
  /** The last turn's lease ran out, or it ended and its message does not say so yet: fold it, then claim again. */
  | { readonly kind: "unsettled"; readonly turn: TurnRecord }
  /** This idempotency key has its turn already. */
  | { readonly kind: "repeat"; readonly turn: TurnRecord }
  /** This idempotency key came with another body. */
  | { readonly kind: "mismatch" }
  /** Everything of this owner is being erased (`seal`). */
  | { readonly kind: "erasing" };

export interface Batch {
  readonly claim: Claim;
  readonly events: readonly LoggedEvent[];
}

export interface Renewal {
  readonly held: boolean;
  /** Somebody asked for a stop. */
  readonly stop: boolean;
  /** A reader on another node follows this turn. */
  readonly attended: boolean;
}

export interface LogPage {
  readonly events: readonly LoggedEvent[];
  /** The terminal event has been written; it is in `events` when they reach that far. */
  readonly ended: boolean;
}

/** Live and recently ended turns: who may write, what was written, how it ended. Leases run on the store's own clock. */
export interface TurnStore extends StorePart {
  claim(key: SessionKey, turn: NewTurn, request: ClaimRequest): Promise<ClaimResult>;
  /** The turn never began (limits refused it, its message could not be stored): forgets it and frees its idempotency key. */
  release(claim: Claim): Promise<void>;
  /**
   * All turns of a flush in one round. Per batch: the last offset, or "stale" when the claim no longer holds or events are missing
   * before these. Events whose offset is there already are skipped, so a round of unknown outcome may be sent again.
   */
  append(
    batches: readonly Batch[],
  ): readonly ({ readonly last: number } | "stale")[] | Promise<readonly ({ readonly last: number } | "stale")[]>;
  /** A lease that ran out may still be renewed while nobody has adopted its turn. */
  renew(claims: readonly Claim[], leaseMs: number): Promise<readonly Renewal[]>;
  /** Takes over a turn whose lease ran out; undefined when its writer is alive, it has ended, or somebody was faster. */
  adopt(key: SessionKey, turn: string, leaseMs: number): Promise<Claim | undefined>;
  /** A reader on some node is listening, for so long. */
  attend(key: SessionKey, turn: string, ttlMs: number): Promise<void>;
  /** Sets the flag that `renew` returns; the running turn, if there is one. */
  stop(key: SessionKey): Promise<TurnRecord | undefined>;
  /** Events after an offset; undefined when the turn is unknown or its log has expired, which it does only once settled. */
  read(key: SessionKey, turn: string, after: number, limit: number): Promise<LogPage | undefined>;
  /** Fenced: decides how the turn ended and writes the terminal event. False when the claim no longer holds or it has ended. */
  end(claim: Claim, outcome: TurnOutcome): Promise<boolean>;
  /** The message says so too: the session is free. Nothing happens unless the turn has ended. */
  settled(key: SessionKey, turn: string): Promise<void>;
  /** The newest turn of a session that has not settled. */
  live(key: SessionKey): Promise<TurnRecord | undefined>;
  /** A turn by id, live or recently ended. */
  get(key: SessionKey, turn: string): Promise<TurnRecord | undefined>;
  /** Lease lost, or ended but not settled; oldest first. */
  expired(limit: number): Promise<readonly TurnRecord[]>;
  /**
   * Everything of this owner is about to be erased: for so long, or until the owner is forgotten, every claim is answered by `erasing`.
   * The owner's turns that have not settled, in one atomic step, so that none begins unseen.
   */
  seal(owner: string, ttlMs: number): Promise<readonly TurnRecord[]>;
  /** Erases turns, logs and idempotency keys: of one session, or of an owner, whose seal is lifted with the last of them. */
  forget(owner: string, id?: string): Promise<void>;
}
