import { ChatError } from "../errors/index.ts";

/** Whether turns may begin: asked before anything is done, and again once a turn has its claim and could be waited for. */
export class Admission {
  #draining = false;
  readonly #erasing = new Map<string, Promise<unknown>>();

  /** Throws `draining`, or `turn_in_progress` while everything of this owner is being erased. */
  check(owner: string): void {
    if (this.#draining) throw draining();
    if (this.#erasing.has(owner)) throw erasing();
  }

  drain(): void {
    this.#draining = true;
  }

  /** No turn of this owner begins while `work` runs; one at a time, for each lifts what keeps turns of other nodes away. */
  async erasing<T>(owner: string, work: () => Promise<T>): Promise<T> {
    const before = this.#erasing.get(owner);
    const mine = before ? before.then(work, work) : work();
    this.#erasing.set(owner, mine);
    try {
      return await mine;
    } finally {
      if (this.#erasing.get(owner) === mine) this.#erasing.delete(owner);
    }
  }
}

export function erasing(): ChatError {
  return new ChatError("turn_in_progress", "This owner's conversations are being erased. Send it again in a moment.", {
    retryAfterMs: 1_000,
  });
}

export function draining(): ChatError {
  return new ChatError("draining", "The server is shutting down. Send it again in a moment.", { retryAfterMs: 1_000 });
}
