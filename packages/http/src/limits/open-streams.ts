import { ChatError, noPlaceLeft } from "@parlor/core";

/** How many streams and sockets each has open here. In this process only: what they cost is its memory and its connections. */
export class OpenStreams {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Throws `too_many_streams` where one more is one too many. */
  check(key: string): void {
    if ((this.#open.get(key) ?? 0) < this.#most) return;
    const retryAfterMs = 1_000;
    throw new ChatError("too_many_streams", `At most ${this.#most} streams may be open at once. Close one first.`, {
      retryAfterMs,
      quotas: [noPlaceLeft("streams", this.#most, retryAfterMs)],
    });
  }

  /** One more, if it may be; returns how it ends. Throws `too_many_streams`. */
  take(key: string): () => void {
    this.check(key);
    return this.add(key);
  }

  /** One more, that there was room for. */
  add(key: string): () => void {
    this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      const rest = (this.#open.get(key) ?? 0) - 1;
      if (rest > 0) this.#open.set(key, rest);
      else this.#open.delete(key);
    };
  }
}
