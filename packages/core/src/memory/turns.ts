import type {
  Batch,
  Claim,
  ClaimRequest,
  ClaimResult,
  LogPage,
  NewTurn,
  Renewal,
  SessionKey,
  TurnOutcome,
  TurnRecord,
  TurnStore,
} from "../contracts/index.ts";
import { IdempotencyKeys, type HeldKey } from "./idempotency-keys.ts";
import { MemoryPart, type Settings } from "./options.ts";
import { Timed, Timeline } from "./timeline.ts";
import { TurnLog } from "./turn-log.ts";

class State extends Timed {
  record: TurnRecord;
  readonly log: TurnLog = new TurnLog();
  /** Of the writer whose claim holds. */
  epoch: number;
  leaseUntil: number;
  attendedUntil: number;
  stop = false;
  endedAt = 0;
  heldKey: HeldKey | undefined;

  constructor(record: TurnRecord, epoch: number, now: number, leaseMs: number) {
    super();
    this.record = record;
    this.epoch = epoch;
    this.leaseUntil = now + leaseMs;
    this.attendedUntil = now;
  }
}

interface SessionTurns {
  /** The one that has not settled. */
  live?: State | undefined;
  /** Those whose logs are kept, oldest first: few, and the newest is asked for most. */
  readonly all: State[];
}

/** `append` is synchronous and keeps the arrays it is given. */
export class MemoryTurns extends MemoryPart implements TurnStore {
  readonly #settings: Settings;
  readonly #owners = new Map<string, Map<string, SessionTurns>>();
  /** By when they were claimed. */
  readonly #unsettled = new Timeline<State>();
  /** Settled turns, by when their logs go. */
  readonly #logEnds = new Timeline<State>();
  readonly #keys: IdempotencyKeys;
  /** Owners that are being erased, and until when at most. */
  readonly #sealed = new Map<string, number>();
  #epoch = 0;

  constructor(settings: Settings) {
    super();
    this.#settings = settings;
    this.#keys = new IdempotencyKeys(100 * settings.maxSessions);
  }

  async claim(key: SessionKey, turn: NewTurn, { leaseMs, idempotency }: ClaimRequest): Promise<ClaimResult> {
    const now = this.#sweep();
    if (this.#isSealed(key.owner, now)) return { kind: "erasing" };
    const held = idempotency && this.#keys.find(key.owner, idempotency);
    if (held) {
      if (held.idempotency.bodyHash !== idempotency.bodyHash) return { kind: "mismatch" };
      return { kind: "repeat", turn: held.turn.record };
    }
    const session = this.#session(key);
    const live = session?.live;
    if (live) {
      if (isExpired(live, now)) return { kind: "unsettled", turn: live.record };
      return { kind: "busy", turn: live.record, leaseMs: live.leaseUntil - now };
    }
    const { id, message, model, createdAt } = turn;
    const record = { key: { owner: key.owner, id: key.id }, id, message, model, createdAt };
    const state = new State(record, ++this.#epoch, now, leaseMs);
    if (idempotency) {
      state.heldKey = this.#keys.hold(key.owner, idempotency, state, now + this.#settings.idempotencyMs);
    }
    const turns = session ?? this.#addSession(key);
    turns.live = state;
    turns.all.push(state);
    this.#unsettled.put(state, now);
    return { kind: "won", claim: toClaim(state) };
  }

  async release(claim: Claim): Promise<void> {
    const state = this.#writable(claim);
    if (!state) return;
    if (state.heldKey) this.#keys.free(state.heldKey);
    this.#remove(state);
  }

  append(batches: readonly Batch[]): readonly ({ readonly last: number } | "stale")[] {
    return batches.map(({ claim, events }) => {
      const log = this.#writable(claim)?.log;
      return log?.append(events) ? { last: log.last } : "stale";
    });
  }

  async renew(claims: readonly Claim[], leaseMs: number): Promise<readonly Renewal[]> {
    const now = this.#settings.clock.monotonic();
    return claims.map((claim) => {
      const state = this.#writable(claim);
      if (!state) return { held: false, stop: false, attended: false };
      state.leaseUntil = now + leaseMs;
      return { held: true, stop: state.stop, attended: state.attendedUntil > now };
    });
  }

  async adopt(key: SessionKey, turn: string, leaseMs: number): Promise<Claim | undefined> {
    const now = this.#settings.clock.monotonic();
    const state = this.#state(key, turn);
    if (!state || state.record.outcome || state.leaseUntil > now) return undefined;
    state.epoch = ++this.#epoch;
    state.leaseUntil = now + leaseMs;
    return toClaim(state);
  }

  async attend(key: SessionKey, turn: string, ttlMs: number): Promise<void> {
    const state = this.#state(key, turn);
    if (state) state.attendedUntil = Math.max(state.attendedUntil, this.#settings.clock.monotonic() + ttlMs);
  }

  async stop(key: SessionKey): Promise<TurnRecord | undefined> {
    const live = this.#session(key)?.live;
    if (!live || live.record.outcome) return undefined;
    live.stop = true;
    return live.record;
  }

  async read(key: SessionKey, turn: string, after: number, limit: number): Promise<LogPage | undefined> {
    this.#sweep();
    const state = this.#state(key, turn);
    return state && { events: state.log.read(after, limit), ended: state.record.outcome !== undefined };
  }

  async end(claim: Claim, outcome: TurnOutcome): Promise<boolean> {
    const state = this.#writable(claim);
    if (!state) return false;
    state.log.append([{ type: "end", offset: state.log.last + 1, ...outcome }]);
    const { key, id, message, model, createdAt } = state.record;
    state.record = { key, id, message, model, createdAt, outcome };
    state.endedAt = this.#settings.clock.monotonic();
    return true;
  }

  async settled(key: SessionKey, turn: string): Promise<void> {
    const session = this.#session(key);
    const state = session?.live;
    if (!session || state?.record.id !== turn || !state.record.outcome) return;
    session.live = undefined;
    state.log.pack();
    this.#unsettled.remove(state);
    this.#logEnds.put(state, state.endedAt + this.#settings.logMs);
    if (this.#logEnds.size > 10 * this.#settings.maxSessions && this.#logEnds.first) this.#remove(this.#logEnds.first);
  }

  async live(key: SessionKey): Promise<TurnRecord | undefined> {
    return this.#session(key)?.live?.record;
  }

  async get(key: SessionKey, turn: string): Promise<TurnRecord | undefined> {
    this.#sweep();
    return this.#state(key, turn)?.record;
  }

  async expired(limit: number): Promise<readonly TurnRecord[]> {
    const now = this.#settings.clock.monotonic();
    const expired: TurnRecord[] = [];
    for (const state of this.#unsettled) {
      if (expired.length >= limit) break;
      if (isExpired(state, now)) expired.push(state.record);
    }
    return expired;
  }

  async seal(owner: string, ttlMs: number): Promise<readonly TurnRecord[]> {
    this.#sealed.set(owner, this.#settings.clock.monotonic() + ttlMs);
    const sessions = [...(this.#owners.get(owner)?.values() ?? [])];
    return sessions.flatMap(({ live }) => (live ? [live.record] : []));
  }

  async forget(owner: string, id?: string): Promise<void> {
    if (id === undefined) this.#sealed.delete(owner);
    this.#keys.forget(owner, id);
    const sessions = this.#owners.get(owner);
    for (const turns of id === undefined ? [...(sessions?.values() ?? [])] : [sessions?.get(id)]) {
      for (const state of (turns?.all ?? []).slice()) this.#remove(state);
    }
  }

  #isSealed(owner: string, now: number): boolean {
    const until = this.#sealed.get(owner) ?? 0;
    if (until > now) return true;
    this.#sealed.delete(owner);
    return false;
  }

  #session(key: SessionKey): SessionTurns | undefined {
    return this.#owners.get(key.owner)?.get(key.id);
  }

  #state(key: SessionKey, turn: string): State | undefined {
    return this.#session(key)?.all.findLast(({ record }) => record.id === turn);
  }

  /** The turn, if this claim may write it. */
  #writable({ key, turn, epoch }: Claim): State | undefined {
    const state = this.#session(key)?.live;
    return state?.epoch === epoch && state.record.id === turn && !state.record.outcome ? state : undefined;
  }

  #addSession({ owner, id }: SessionKey): SessionTurns {
    const turns: SessionTurns = { all: [] };
    this.#owners.set(owner, (this.#owners.get(owner) ?? new Map<string, SessionTurns>()).set(id, turns));
    return turns;
  }

  #remove(state: State): void {
    const { key } = state.record;
    const turns = this.#session(key);
    const list = turns?.live === state ? this.#unsettled : this.#logEnds;
    list.remove(state);
    state.log.clear();
    if (!turns) return;
    const at = turns.all.indexOf(state);
    if (at >= 0) turns.all.splice(at, 1);
    if (turns.live === state) turns.live = undefined;
    if (turns.all.length > 0) return;
    const sessions = this.#owners.get(key.owner);
    sessions?.delete(key.id);
    if (sessions?.size === 0) this.#owners.delete(key.owner);
  }

  /** Drops what has expired; the time now. */
  #sweep(): number {
    const now = this.#settings.clock.monotonic();
    this.#keys.sweep(now);
    for (let state = this.#logEnds.take(now); state; state = this.#logEnds.take(now)) this.#remove(state);
    return now;
  }
}

const isExpired = (state: State, now: number) => state.record.outcome !== undefined || state.leaseUntil <= now;

const toClaim = ({ record, epoch }: State): Claim => ({ key: record.key, turn: record.id, epoch });
