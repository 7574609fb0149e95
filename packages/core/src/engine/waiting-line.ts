import type { Clock, SessionKey } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";

interface Waiter {
  readonly owner: string;
  readonly go: () => void;
  readonly fail: (error: ChatError) => void;
}

/** How long the first in line waits before it tries again unasked: the turn it waits for may run on another node. */
const retryMs = () => 100 + Math.random() * 200;

/** Who waits for a busy session: first come to the line, first served, within this process. */
export class WaitingLine {
  readonly #lines = new Map<string, Waiter[]>();
  readonly #clock: Clock;
  readonly #most: number;
  readonly #maxWaitMs: number;

  constructor(clock: Clock, options: { readonly maxWaiting: number; readonly maxWaitMs: number }) {
    this.#clock = clock;
    this.#most = options.maxWaiting;
    this.#maxWaitMs = options.maxWaitMs;
  }

  /** How many wait, for all sessions. */
  get length(): number {
    let sum = 0;
    for (const line of this.#lines.values()) sum += line.length;
    return sum;
  }

  /** Whether a turn that comes now has to stand behind others. */
  has(key: SessionKey): boolean {
    return this.#lines.size > 0 && this.#lines.has(nameOf(key));
  }

  /**
   * Calls `attempt` whenever it is this caller's turn and the session may be free, until it gives something.
   * Throws `turn_in_progress` (line full, waited too long) and `turn_stopped`.
   */
  async wait<T>(key: SessionKey, signal: AbortSignal | undefined, attempt: () => Promise<T | undefined>): Promise<T> {
    const name = nameOf(key);
    const line = this.#lines.get(name) ?? [];
    if (line.length >= this.#most) throw busy(`${line.length} turns wait on this session already`, 1_000);
    if (signal?.aborted) throw gone();

    let wake: () => void = () => {};
    let failure: ChatError | undefined;
    const waiter: Waiter = {
      owner: key.owner,
      go: () => wake(),
      fail: (error) => {
        failure ??= error;
        wake();
      },
    };
    line.push(waiter);
    this.#lines.set(name, line);
    const deadline = this.#clock.after(this.#maxWaitMs, () =>
      waiter.fail(busy("waited its time for the running turn to end", 1_000)),
    );
    const onAbort = () => waiter.fail(gone());
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      for (;;) {
        if (failure) throw failure;
        if (line[0] === waiter) {
          const result = await attempt();
          if (result !== undefined) return result;
        }
        if (failure) throw failure;
        await new Promise<void>((resolve) => {
          const cancel = this.#clock.after(retryMs(), resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
    } finally {
      deadline();
      signal?.removeEventListener("abort", onAbort);
      line.splice(line.indexOf(waiter), 1);
      if (line.length === 0) this.#lines.delete(name);
      else line[0]?.go();
    }
  }

  /** The session may be free. */
  wake(key: SessionKey): void {
    if (this.#lines.size > 0) this.#lines.get(nameOf(key))?.[0]?.go();
  }

  /** Sends everybody away who waits on this session; how many. */
  stop(key: SessionKey): number {
    const line = this.#lines.get(nameOf(key)) ?? [];
    for (const waiter of line) waiter.fail(stopped());
    return line.length;
  }

  stopOwner(owner: string): void {
    for (const line of this.#lines.values())
      for (const waiter of line) if (waiter.owner === owner) waiter.fail(stopped());
  }

  stopAll(error: ChatError): void {
    for (const line of this.#lines.values()) for (const waiter of line) waiter.fail(error);
  }
}

const nameOf = (key: SessionKey) => JSON.stringify([key.owner, key.id]);

const stopped = () => new ChatError("turn_stopped", "Stopped while it waited; its message was not stored.");

const gone = () =>
  new ChatError("turn_stopped", "Who asked has gone while the turn waited; its message was not stored.");

/** `turn_in_progress`, with why. */
export function busy(why: string, retryAfterMs: number): ChatError {
  return new ChatError(
    "turn_in_progress",
    `Another turn is running on this session: ${why}. Send it again in a moment.`,
    { retryAfterMs },
  );
}
