import type { LimitReceipt, Quota } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import type { LimitOptions } from "../engine/types.ts";
import type { LimitsWithStandIn } from "./stand-in.ts";
import { charge, noPlaceLeft, quotasOf, receiptsOf, refusalOf } from "./windows.ts";

/** What a turn took; give it back with `settle`. */
export interface Grant {
  readonly tokens: readonly LimitReceipt[];
  readonly place: string | undefined;
  /** What the rules on requests leave. */
  readonly quotas: readonly Quota[];
}

const nothing: Grant = { tokens: [], place: undefined, quotas: [] };

/** Requests per window, tokens by reserve and settle, turns at once: each per owner, each decided by the store in one atomic step. */
export class Limiter {
  readonly #store: LimitsWithStandIn;
  readonly #options: LimitOptions;
  readonly #placeMs: number;

  constructor(store: LimitsWithStandIn, options: LimitOptions, placeMs: number) {
    this.#store = store;
    this.#options = options;
    this.#placeMs = placeMs;
  }

  /**
   * Takes everything a turn needs, in one round, or nothing. `estimate` is what it may use in tokens.
   * Throws `rate_limited`, `token_budget_exceeded` or `too_many_turns`.
   */
  take(owner: string, turn: string, estimate: number): Grant | Promise<Grant> {
    const { requests = [], tokens = [], concurrentTurns } = this.#options;
    if (requests.length === 0 && tokens.length === 0 && concurrentTurns === undefined) return nothing;
    return this.#take(owner, turn, estimate);
  }

  async #take(owner: string, turn: string, estimate: number): Promise<Grant> {
    const { requests = [], tokens = [], concurrentTurns } = this.#options;
    const place = concurrentTurns === undefined ? undefined : placeOf(owner);
    const [placed, asked, reserved] = await Promise.all([
      place === undefined || this.#store.acquire(place, turn, concurrentTurns ?? 0, this.#placeMs),
      charge(this.#store, "turns", owner, requests, 1),
      charge(this.#store, "tokens", owner, tokens, estimate),
    ]);

    const refused =
      refusalOf(asked, "rate_limited", "Too many requests.") ??
      refusalOf(reserved, "token_budget_exceeded", "The token budget is used up.");
    if (placed && refused === undefined) return { tokens: receiptsOf(reserved), place, quotas: quotasOf(asked) };
    await Promise.all([
      ...[...receiptsOf(asked), ...receiptsOf(reserved)].map((receipt) => this.#store.settle(receipt, 0)),
      placed && place !== undefined && this.#store.release(place, turn),
    ]);
    throw refused ?? tooManyTurns(concurrentTurns ?? 0);
  }

  /** Reserved → real; frees the place. Undefined: nothing was taken. */
  settle(grant: Grant, turn: string, used: number): Promise<unknown> | undefined {
    if (grant === nothing) return undefined;
    return Promise.all([
      ...grant.tokens.map((receipt) => this.#store.settle(receipt, used)),
      grant.place !== undefined && this.#store.release(grant.place, turn),
    ]);
  }

  /** Keeps the place of a running turn. */
  async renew(owner: string, turn: string): Promise<void> {
    if (this.#options.concurrentTurns === undefined) return;
    await this.#store.acquire(placeOf(owner), turn, this.#options.concurrentTurns, this.#placeMs);
  }
}

const placeOf = (owner: string) => `turns:${owner}`;

function tooManyTurns(limit: number): ChatError {
  const retryAfterMs = 1_000;
  const quotas = [noPlaceLeft("running-turns", limit, retryAfterMs)];
  return new ChatError("too_many_turns", `At most ${limit} turns may run at once.`, { retryAfterMs, quotas });
}
