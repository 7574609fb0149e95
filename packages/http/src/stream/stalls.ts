import type { Clock } from "@parlor/core";
import { Ticker } from "../ticker.ts";

/** Cuts readers that take nothing for `stallMs`, or up to a tenth longer: one timer looks after them all. */
export class Stalls {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #ticker: Ticker;

  constructor(clock: Clock, stallMs: number) {
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#ticker = new Ticker(clock, stallMs / 10);
  }

  /** Calls `cut` once, unless what this returns is called before. */
  watch(cut: () => void): () => void {
    const since = this.#clock.monotonic();
    const leave = this.#ticker.add(() => {
      if (this.#clock.monotonic() - since < this.#stallMs) return;
      leave();
      cut();
    });
    return leave;
  }
}
