import type { Clock, Health, ModelBackend } from "../contracts/index.ts";
import { systemClock } from "../clock.ts";
import { ChatError } from "../errors/index.ts";
import { isServiceFailure } from "./calls.ts";
import { shared } from "./retry.ts";

export interface CircuitBreakerOptions {
  /** How many calls in a row have to fail; default 5. */
  readonly failures?: number;
  /** How long the service is left alone then, in milliseconds; default 30,000. */
  readonly openMs?: number;
  readonly clock?: Clock;
}

/**
 * Leaves a service alone that keeps failing: calls are refused with `backend_unavailable` at once, until one that is let through succeeds. What
 * says something of the request and not of the service does not count.
 */
export function circuitBreaker(backend: ModelBackend, options: CircuitBreakerOptions = {}): ModelBackend {
  const { failures: most = 5, openMs = 30_000, clock = systemClock } = options;
  let failures = 0;
  let openedAt: number | undefined;
  let probing = false;

  const leftMs = () => (openedAt === undefined ? 0 : Math.max(0, openedAt + openMs - clock.monotonic()));
  const circuit = (): NonNullable<Health["circuit"]> =>
    openedAt === undefined ? "closed" : leftMs() > 0 ? "open" : "half-open";

  /** An abort says why in its reason: a deadline is the service's failure, a stop is not. */
  function failed(error: unknown, signal: AbortSignal): void {
    if (ChatError.isInstance(error) ? !isServiceFailure(error) : signal.aborted) return;
    failures += 1;
    if (failures >= most || openedAt !== undefined) openedAt = clock.monotonic();
  }

  return {
    ...shared(backend),
    async *generate(request, signal) {
      const state = circuit();
      if (state === "open" || (state === "half-open" && probing)) {
        throw new ChatError(
          "backend_unavailable",
          "The model's service has failed again and again and is left alone for a while. Send it again later.",
          { retryAfterMs: Math.max(leftMs(), 1_000) },
        );
      }
      const isProbe = state === "half-open";
      if (isProbe) probing = true;
      try {
        let finished = false;
        for await (const batch of backend.generate(request, signal)) {
          finished ||= batch.some(({ type }) => type === "finish");
          // What follows is usage, which nobody has to wait for.
          if (finished) {
            failures = 0;
            openedAt = undefined;
          }
          yield batch;
        }
        if (!finished) failed(signal.aborted ? signal.reason : undefined, signal);
      } catch (error) {
        failed(signal.aborted ? signal.reason : error, signal);
        throw error;
      } finally {
        if (isProbe) probing = false;
      }
    },
    async health(signal) {
      const state = circuit();
      if (state === "open") return { healthy: false, circuit: state, detail: "The model's service keeps failing." };
      return { ...(await backend.health(signal)), circuit: state };
    },
  };
}
