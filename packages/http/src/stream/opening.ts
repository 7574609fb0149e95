import {
  catalog,
  ChatError,
  type Clock,
  type ErrorCode,
  type Turn,
  type TurnEvent,
  type TurnOutcome,
} from "@parlor/core";

/** Where a stream begins: events that are here already, and the offset to read on from. */
export interface Opening {
  readonly events: readonly TurnEvent[];
  readonly after: number;
}

/**
 * Waits for the first events, at most `waitMs`: until then a failure can still be the reply's status. Throws it.
 */
export function opening(turn: Turn, after: number, waitMs: number, clock: Clock): Promise<Opening> {
  return new Promise((resolve, reject) => {
    let settled = false;
    let cancel: (() => void) | undefined;
    const settle = () => {
      settled = true;
      cancel?.();
    };
    const unsubscribe = turn.subscribe(after, {
      onBatch(events) {
        settle();
        const failure = failureOf(events[0]);
        if (failure) reject(failure);
        else resolve({ events, after: events.at(-1)?.offset ?? after });
        return false;
      },
      onError(error) {
        settle();
        reject(error);
      },
    });
    // A turn that has events gives them within the call.
    if (settled) return;
    cancel = clock.after(waitMs, () => {
      unsubscribe();
      resolve({ events: [], after });
    });
  });
}

/** Why a turn ended without its whole answer: it failed, or something other than its user interrupted it. */
export function failureOf(event: TurnEvent | undefined): ChatError | undefined {
  return event?.type === "end" ? failureOfOutcome(event) : undefined;
}

export function failureOfOutcome({ status, error }: TurnOutcome): ChatError | undefined {
  if (status === "complete" || (status === "interrupted" && !error)) return undefined;
  const { code = "internal", detail = "The turn failed.", retryAfterMs } = error ?? {};
  const known = Object.hasOwn(catalog, code) ? (code as ErrorCode) : "internal";
  return new ChatError(known, detail, retryAfterMs === undefined ? {} : { retryAfterMs });
}
