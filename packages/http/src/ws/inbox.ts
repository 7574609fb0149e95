import type { Clock } from "@parlor/core";

/** Of one client, in a window. */
const mostMessages = 120;
const windowMs = 10_000;
/** Messages that wait for the ones before them. */
const mostWaiting = 64;

export const tooMany = `Too many messages: at most ${mostMessages} in ${windowMs / 1000} s, and ${mostWaiting} at once.`;

/** A client's messages: taken one after the other, so that what they start starts in their order. */
export class Inbox {
  readonly #clock: Clock;
  readonly #take: (text: string) => Promise<void>;
  readonly #waiting: string[] = [];
  #taking = false;
  #count = 0;
  #windowBegan = 0;

  /** `take` must not reject. */
  constructor(clock: Clock, take: (text: string) => Promise<void>) {
    this.#clock = clock;
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
    if (this.#count > mostMessages || this.#waiting.length >= mostWaiting) return false;
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
