import type { Clock } from "@parlor/core";

/** One timer for all open streams. Calls each `beat` twice per period, so that two without a write between are never more apart. */
export class Heartbeats {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #beats = new Set<() => void>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  add(beat: () => void): () => void {
    this.#beats.add(beat);
    this.#cancel ??= this.#clock.every(this.#periodMs / 2, () => {
      for (const each of this.#beats) each();
    });
    return () => {
      this.#beats.delete(beat);
      if (this.#beats.size > 0) return;
      this.#cancel?.();
      this.#cancel = undefined;
    };
  }
}
