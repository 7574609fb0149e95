import type { Clock } from "@parlor/core";

/** One timer for everybody who wants to be called every so often. It stops at a tick that finds nobody left, so that short stays cost no timer. */
export class Ticker {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #callbacks = new Set<() => void>();
  #cancel: (() => void) | undefined;

  /** `periodMs`: `Infinity` never calls. */
  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  /** Calls at every tick from now on, the first of which comes within a period; returns how to end that. */
  add(callback: () => void): () => void {
    this.#callbacks.add(callback);
    if (this.#periodMs !== Infinity) this.#cancel ??= this.#clock.every(this.#periodMs, () => this.#tick());
    return () => void this.#callbacks.delete(callback);
  }

  #tick(): void {
    for (const each of this.#callbacks) each();
    if (this.#callbacks.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
