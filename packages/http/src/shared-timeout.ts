import type { Clock } from "@parlor/core";
import { Ticker } from "./ticker.ts";

/** Calls back after `ms`, or up to a tenth longer: one timer for all who wait so long. */
export class SharedTimeout {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #ticker: Ticker;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
    this.#ticker = new Ticker(clock, ms / 10);
  }

  /** Calls once, unless what this returns is called before. */
  start(callback: () => void): () => void {
    const since = this.#clock.monotonic();
    const cancel = this.#ticker.add(() => {
      if (this.#clock.monotonic() - since < this.#ms) return;
      cancel();
      callback();
    });
    return cancel;
  }
}
