import type { Clock, Decision, LimitReceipt, LimitRule, LimitStore } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { MemoryLimits } from "../memory/limits.ts";

type Counting = Pick<LimitStore, "consume" | "settle" | "acquire" | "release">;

/** How long a store that did not answer is left alone, so that not every call waits for it. */
const pauseMs = 1_000;
const mark = "stand-in.";

/**
 * Counts by the store, and in this process while that cannot be reached: a node does not know how many there are, so each then allows the
 * whole limit by itself.
 */
export class LimitsWithStandIn implements Counting {
  readonly #store: Counting;
  readonly #local: MemoryLimits;
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  /** Taken here and not in the store. */
  readonly #places = new Set<string>();
  #downUntil = -Infinity;

  constructor(store: Counting, clock: Clock, report: (error: unknown) => void) {
    this.#store = store;
    this.#local = new MemoryLimits(clock);
    this.#clock = clock;
    this.#report = report;
  }

  consume(key: string, cost: number, rule: LimitRule): Promise<Decision> {
    return this.#either(
      () => this.#store.consume(key, cost, rule),
      async () => {
        const decision = await this.#local.consume(key, cost, rule);
        const { receipt } = decision;
        return receipt ? { ...decision, receipt: { ...receipt, window: mark + receipt.window } } : decision;
      },
    );
  }

  settle(receipt: LimitReceipt, actual: number): Promise<void> {
    const { window } = receipt;
    if (!window.startsWith(mark)) return this.#store.settle(receipt, actual);
    return this.#local.settle({ ...receipt, window: window.slice(mark.length) }, actual);
  }

  acquire(key: string, holder: string, max: number, ttlMs: number): Promise<boolean> {
    const place = `${holder} ${key}`;
    return this.#either(
      async () => {
        const placed = await this.#store.acquire(key, holder, max, ttlMs);
        this.#places.delete(place);
        return placed;
      },
      async () => {
        const placed = await this.#local.acquire(key, holder, max, ttlMs);
        if (placed) this.#places.add(place);
        return placed;
      },
    );
  }

  async release(key: string, holder: string): Promise<void> {
    await this.#local.release(key, holder);
    // What the store holds of it from before ends by itself.
    if (!this.#places.delete(`${holder} ${key}`)) await this.#store.release(key, holder);
  }

  async #either<T>(ask: () => Promise<T>, count: () => Promise<T>): Promise<T> {
    if (this.#clock.monotonic() < this.#downUntil) return count();
    try {
      return await ask();
    } catch (error) {
      if (!ChatError.isInstance(error) || error.code !== "store_unavailable") throw error;
      this.#downUntil = this.#clock.monotonic() + pauseMs;
      this.#report(error);
      return count();
    }
  }
}
