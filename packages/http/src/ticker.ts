import type { Clock } from "@parlor/core";

interface Entry {
  readonly callback: () => void;
  /** Among the entries; -1: it has left. */
  place: number;
}

/** One timer for everybody who wants to be called every so often. It stops at a tick that finds nobody left, so that short stays cost no timer. */
export class Ticker {
  readonly #clock: Clock;
  readonly #periodMs: number;
  /** No set: through the tables that one outgrows, all who come and go would live until V8 collects everything (decision 13). */
  readonly #entries: Entry[] = [];
  #cancel: (() => void) | undefined;

  /** `periodMs`: `Infinity` never calls. */
  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  /** Calls at every tick from now on, the first of which comes within a period; returns how to end that. */
  add(callback: () => void): () => void {
    const entry = { callback, place: this.#entries.length };
    this.#entries.push(entry);
    if (this.#periodMs !== Infinity) this.#cancel ??= this.#clock.every(this.#periodMs, () => this.#tick());
    return () => this.#remove(entry);
  }

  #remove(entry: Entry): void {
    const last = this.#entries.at(-1);
    if (entry.place < 0 || !last) return;
    this.#entries[entry.place] = last;
    last.place = entry.place;
    entry.place = -1;
    this.#entries.pop();
  }

  #tick(): void {
    for (const entry of this.#entries.slice()) if (entry.place >= 0) entry.callback();
    if (this.#entries.length > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
