import { ChatError, type ErrorCode } from "@parlor/core";

/** What can pass by itself; the rest fails the same way again. */
const passing: ReadonlySet<ErrorCode> = new Set([
  "backend_unavailable",
  "backend_timeout",
  "backend_rate_limited",
  "backend_overloaded",
  "backend_error",
]);

const firstBackoffMs = 250;
/** A service that wants us to wait longer is not waited for. */
const longestWaitMs = 30_000;

export interface RetryRules {
  readonly retries: number;
  readonly signal: AbortSignal;
  /** Told why, before each retry. */
  readonly onRetry?: ((code: string) => void) | undefined;
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number;
  /** Default: a timer that ends early, without throwing, when `signal` aborts. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Tries again what failed before it answered, after what the service asked for or a backoff that doubles from 250 ms, with full
 * jitter, whichever is longer.
 */
export async function retrying<T>(attempt: () => Promise<T>, rules: RetryRules): Promise<T> {
  const { retries, signal, onRetry, random = Math.random, wait = sleep } = rules;
  for (let tried = 0; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!ChatError.isInstance(error) || !passing.has(error.code)) throw error;
      const { retryAfterMs = 0 } = error;
      if (tried >= retries || retryAfterMs > longestWaitMs) throw error;
      onRetry?.(error.code);
      await wait(Math.max(retryAfterMs, random() * firstBackoffMs * 2 ** tried), signal);
      if (signal.aborted) throw error;
    }
  }
}

/** Milliseconds that `retry-after-ms` or `Retry-After` (seconds or a date) ask for. */
export function retryAfterOf(headers: { get(name: string): string | null }, now: number): number | undefined {
  const exact = headers.get("retry-after-ms");
  if (exact !== null && /^\d+(\.\d+)?$/.test(exact)) return Number(exact);
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = value === "" ? Number.NaN : Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
