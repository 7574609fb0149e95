import type { Clock, ModelBackend } from "../contracts/index.ts";
import { systemClock } from "../clock.ts";
import { ChatError } from "../errors/index.ts";
import { type Begun, begin, goOn } from "./calls.ts";

export interface RetryOptions {
  /** How often to ask again; default 2. */
  readonly retries?: number;
  /** Before the first retry, in milliseconds, doubled for each one after; default 500. Half of it is drawn at random. */
  readonly waitMs?: number;
  /** A service that asks for a longer wait (`Retry-After`) is not asked again, in milliseconds; default 30,000. */
  readonly longestWaitMs?: number;
  readonly clock?: Clock;
}

/** Asks again where trying again can help, as long as nothing of the answer has come. */
export function retry(backend: ModelBackend, options: RetryOptions = {}): ModelBackend {
  const { retries = 2, waitMs = 500, longestWaitMs = 30_000, clock = systemClock } = options;
  return {
    ...shared(backend),
    async *generate(request, signal) {
      let begun: Begun | undefined;
      for (let attempt = 0; begun === undefined; attempt += 1) {
        try {
          begun = await begin(backend, request, signal);
        } catch (error) {
          const { retryable, retryAfterMs = 0 } = error as ChatError;
          if (!retryable || attempt >= retries || retryAfterMs > longestWaitMs || signal.aborted) throw error;
          request.onRetry?.((error as ChatError).code);
          const backOff = waitMs * 2 ** attempt;
          await wait(clock, Math.max(retryAfterMs, backOff / 2 + (Math.random() * backOff) / 2), signal);
          if (signal.aborted) throw error;
        }
      }
      yield* goOn(begun);
    },
  };
}

/** What a wrapper leaves as it is. */
export function shared(backend: ModelBackend): Omit<ModelBackend, "generate"> {
  return {
    info: backend.info,
    countTokens: (messages) => backend.countTokens(messages),
    health: (signal) => backend.health(signal),
    close: () => backend.close(),
  };
}

/** Until the time is over or somebody has gone. */
function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
