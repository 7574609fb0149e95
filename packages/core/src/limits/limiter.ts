import type { Decision, LimitReceipt, LimitRule, LimitStore } from "../contracts/index.ts";
import { ChatError, type ErrorCode } from "../errors/index.ts";
import type { LimitOptions } from "../engine/types.ts";

/** What a turn took; give it back with `settle`. */
export interface Grant {
  readonly tokens: readonly LimitReceipt[];
  readonly place: string | undefined;
}

const nothing: Grant = { tokens: [], place: undefined };

/** Requests per window, tokens by reserve and settle, turns at once: each per owner, each decided by the store in one atomic step. */
export class Limiter {
  readonly #store: LimitStore;
  readonly #options: LimitOptions;
  readonly #placeMs: number;

  constructor(store: LimitStore, options: LimitOptions, placeMs: number) {
    this.#store = store;
    this.#options = options;
    this.#placeMs = placeMs;
  }

  /**
   * Takes everything a turn needs, in one round, or nothing. `estimate` is what it may use in tokens.
   * Throws `rate_limited`, `token_budget_exceeded` or `too_many_turns`.
   */
  async take(owner: string, turn: string, estimate: number): Promise<Grant> {
    const { requests = [], tokens = [], concurrentTurns } = this.#options;
    if (requests.length === 0 && tokens.length === 0 && concurrentTurns === undefined) return nothing;
    const place = concurrentTurns === undefined ? undefined : placeOf(owner);
    const consume = (kind: string, rules: readonly LimitRule[], cost: number) =>
      Promise.all(
        rules.map((rule) => this.#store.consume(`${kind}:${rule.limit}/${rule.windowMs}:${owner}`, cost, rule)),
      );
    const [placed, asked, reserved] = await Promise.all([
      place === undefined || this.#store.acquire(place, turn, concurrentTurns ?? 0, this.#placeMs),
      consume("requests", requests, 1),
      consume("tokens", tokens, estimate),
    ]);

    const refused =
      refusal(asked, "rate_limited", "Too many requests.") ??
      refusal(reserved, "token_budget_exceeded", "The token budget is used up.");
    if (placed && refused === undefined) return { tokens: receipts(reserved), place };
    await Promise.all([
      ...[...receipts(asked), ...receipts(reserved)].map((receipt) => this.#store.settle(receipt, 0)),
      placed && place !== undefined && this.#store.release(place, turn),
    ]);
    throw (
      refused ??
      new ChatError("too_many_turns", `At most ${concurrentTurns} turns may run at once.`, { retryAfterMs: 1_000 })
    );
  }

  /** Reserved → real; frees the place. */
  async settle(grant: Grant, turn: string, used: number): Promise<void> {
    if (grant === nothing) return;
    await Promise.all([
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

const receipts = (decisions: readonly Decision[]) => decisions.flatMap((decision) => decision.receipt ?? []);

function refusal(decisions: readonly Decision[], code: ErrorCode, what: string): ChatError | undefined {
  const refused = decisions.filter((decision) => !decision.allowed);
  if (refused.length === 0) return undefined;
  const retryAfterMs = Math.max(...refused.map((decision) => decision.resetMs));
  const { limit } = refused[0] as Decision;
  return new ChatError(
    code,
    `${what} ${limit} per window are allowed; try again in ${Math.ceil(retryAfterMs / 1000)} s.`,
    { retryAfterMs },
  );
}
