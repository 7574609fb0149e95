import type { Clock } from "@parlor/core";

const windowMs = 10_000;
/** Messages that wait for the ones before them. */
const mostWaiting = 64;

/** A client's messages: taken one after the other, so that what they start starts in their order. */
export class Inbox {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #take: (text: string) => Promise<void>;
  readonly #waiting: string[] = [];
  #taking = false;
  #count = 0;
  #windowBegan = 0;

  /** `most`: in 10 s. `take` must not reject. */
  constructor(clock: Clock, most: number, take: (text: string) => Promise<void>) {
    this.#clock = clock;
    this.#most = most;
    this.#take = take;
  }

  /** False: that is one too many. */
  push(text: string): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#windowBegan >= windowMs) {
      this.#windowBegan = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > this.#most || this.#waiting.length >= mostWaiting) return false;
    this.#waiting.push(text);
    if (!this.#taking) void this.#work();
    return true;
  }

  /** Forgets those that wait. */
  clear(): void {
    this.#waiting.length = 0;
  }

  async #work(): Promise<void> {
    this.#taking = true;
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) await this.#take(text);
    this.#taking = false;
  }
}
