import type { Clock, ModelBackend } from "../contracts/index.ts";
import { systemClock } from "../clock.ts";
import { ChatError } from "../errors/index.ts";
import { type Begun, begin, goOn, isServiceFailure } from "./calls.ts";
import { closeAll, healthOf, infoOf } from "./combined.ts";

export interface FallbackOptions {
  /** How long each but the last may take to its first event, in milliseconds; default 30,000. */
  readonly firstTokenMs?: number;
  /** Told of each that was passed over. */
  readonly onFallback?: (error: ChatError, model: string) => void;
  readonly clock?: Clock;
}

/**
 * Asks the first, and the next one where a service fails before anything of its answer has come. What a turn says of its model is the first
 * one's; which one answered stands in the message's `meta.provider.parlor.model`. Throws a TypeError without a backend.
 */
export function fallback(backends: readonly ModelBackend[], options: FallbackOptions = {}): ModelBackend {
  const [first, ...others] = backends;
  if (!first) throw new TypeError("fallback needs at least one backend");
  const { firstTokenMs = 30_000, onFallback = () => {}, clock = systemClock } = options;

  async function beginOne(backend: ModelBackend, isLast: boolean, ...call: Parameters<ModelBackend["generate"]>) {
    const [request, signal] = call;
    if (isLast) return begin(backend, request, signal);
    const late = new AbortController();
    const cancel = clock.after(firstTokenMs, () => late.abort());
    try {
      return await Promise.race([
        begin(backend, request, AbortSignal.any([signal, late.signal])),
        timeout(late.signal),
      ]);
    } finally {
      cancel();
    }
  }

  const timeout = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      const error = new ChatError("backend_timeout", `The model gave no answer within ${firstTokenMs} ms.`);
      signal.addEventListener("abort", () => reject(error), { once: true });
    });

  return {
    info: infoOf([first, ...others]),
    async *generate(request, signal) {
      let begun: Begun | undefined;
      let model = "";
      for (const [index, backend] of backends.entries()) {
        model = backend.info.model;
        const isLast = index === backends.length - 1;
        try {
          begun = await beginOne(backend, isLast, request, signal);
          break;
        } catch (error) {
          if (isLast || signal.aborted || !ChatError.isInstance(error) || !isServiceFailure(error)) throw error;
          onFallback(error, model);
        }
      }
      for await (const batch of goOn(begun as Begun)) yield batch.map((event) => signed(event, model));
    },
    countTokens: (messages) => first.countTokens(messages),
    health: (signal) => healthOf(backends, signal),
    close: () => closeAll(backends),
  };
}

/** Its last event says who answered. */
export function signed<E extends { readonly type: string; readonly meta?: object }>(event: E, model: string): E {
  return event.type === "finish" ? { ...event, meta: { ...event.meta, parlor: { model } } } : event;
}
