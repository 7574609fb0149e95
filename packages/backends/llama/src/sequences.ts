import { ChatError } from "@parlor/core";
import type { LlamaChat, LlamaContextSequence, Token } from "node-llama-cpp";

/** A sequence of the context with the chat that speaks on it. One answer at a time: two would be mixed without an error. */
export interface Slot {
  readonly sequence: LlamaContextSequence;
  readonly chat: LlamaChat;
}

interface Waiting {
  readonly tokens: Token[];
  readonly take: (slot: Slot) => void;
}

/** Gives every answer a sequence of its own, the one that holds most of its prompt already, in the order of asking. */
export class SequencePool {
  /** The longest unused one first. */
  readonly #free: Slot[];
  readonly #waiting = new Set<Waiting>();
  readonly #maxQueued: number;

  constructor(slots: readonly Slot[], maxQueued: number) {
    this.#free = [...slots];
    this.#maxQueued = maxQueued;
  }

  /** Waits for a free sequence. Throws `backend_overloaded`, or the signal's reason. */
  acquire(tokens: Token[], signal: AbortSignal): Promise<Slot> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#free.length > 0) return resolve(this.#pick(tokens));
      if (this.#waiting.size >= this.#maxQueued) return reject(overloaded(this.#maxQueued));

      const leave = () => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      const take = (slot: Slot) => {
        signal.removeEventListener("abort", leave);
        resolve(slot);
      };
      const waiting: Waiting = { tokens, take };
      this.#waiting.add(waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  release(slot: Slot): void {
    this.#free.push(slot);
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    next.take(this.#pick(next.tokens));
  }

  /**
   * The sequence that keeps most, if that is at least half of what it holds, so that a system prompt in common takes no conversation
   * its place; else an empty one, the first made first, since llama.cpp computes neighbours together; else the longest unused.
   */
  #pick(tokens: Token[]): Slot {
    let best: Slot | undefined;
    let most = 0;
    for (const slot of this.#free) {
      const kept = slot.sequence.compareContextTokens(tokens).firstDifferentIndex;
      if (kept > most && 2 * kept >= slot.sequence.nextTokenIndex) [best, most] = [slot, kept];
    }
    best ??= this.#free.find((slot) => slot.sequence.nextTokenIndex === 0) ?? (this.#free[0] as Slot);
    this.#free.splice(this.#free.indexOf(best), 1);
    return best;
  }
}

function overloaded(maxQueued: number): ChatError {
  return new ChatError("backend_overloaded", `The model is busy, and ${maxQueued} requests wait for it already.`, {
    retryAfterMs: 5_000,
  });
}
