import type { Clock, ModelBackend } from "../contracts/index.ts";
import { systemClock } from "../clock.ts";
import { ChatError } from "../errors/index.ts";
import { shared } from "./retry.ts";

export interface LimitConcurrencyOptions {
  /** Calls at once. */
  readonly calls: number;
  /** Calls that may wait for one to end; default 100. */
  readonly maxWaiting?: number;
  /** How long one may wait, in milliseconds; default 30,000. */
  readonly maxWaitMs?: number;
  readonly clock?: Clock;
}

/** Lets a backend have so many calls at once; others wait in line, first come, first served. Throws `backend_overloaded` where that is too long. */
export function limitConcurrency(backend: ModelBackend, options: LimitConcurrencyOptions): ModelBackend {
  const { calls, maxWaiting = 100, maxWaitMs = 30_000, clock = systemClock } = options;
  if (!(calls >= 1)) throw new TypeError("limitConcurrency needs at least one call at once");
  const waiting = new Set<() => void>();
  let running = 0;

  /** Takes a place. False: whoever asked has gone. */
  async function enter(signal: AbortSignal): Promise<boolean> {
    if (running < calls) {
      running += 1;
      return true;
    }
    if (waiting.size >= maxWaiting) throw overloaded(`${waiting.size} calls wait for it already`);
    return new Promise((resolve, reject) => {
      const stepOut = () => {
        cancel();
        waiting.delete(go);
        signal.removeEventListener("abort", gone);
      };
      const go = () => {
        stepOut();
        resolve(true);
      };
      const gone = () => {
        stepOut();
        resolve(false);
      };
      const cancel = clock.after(maxWaitMs, () => {
        stepOut();
        reject(overloaded(`none of its places became free within ${maxWaitMs} ms`));
      });
      waiting.add(go);
      signal.addEventListener("abort", gone, { once: true });
      if (signal.aborted) gone();
    });
  }

  /** The place goes to the first in line. */
  function leave(): void {
    const [next] = waiting;
    if (next) next();
    else running -= 1;
  }

  return {
    ...shared(backend),
    async *generate(request, signal) {
      if (!(await enter(signal))) return;
      try {
        yield* backend.generate(request, signal);
      } finally {
        leave();
      }
    },
    health: async (signal) => ({ ...(await backend.health(signal)), running, waiting: waiting.size }),
  };
}

const overloaded = (why: string) =>
  new ChatError("backend_overloaded", `The model is busy: ${why}. Send it again in a moment.`, { retryAfterMs: 1_000 });
