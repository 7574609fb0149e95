import { type ChatError, failureOf, type Turn, type TurnEvent } from "@parlor/core";
import type { SharedTimeout } from "../shared-timeout.ts";

/** Where a stream begins: events that are here already, and the offset to read on from. */
export interface Opening {
  readonly events: readonly TurnEvent[];
  readonly after: number;
}

/**
 * Waits for the first events, no longer than `wait`: until then a failure can still be the reply's status. Throws it.
 */
export function opening(turn: Turn, after: number, wait: SharedTimeout): Promise<Opening> {
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
        const failure = failureOfEvent(events[0]);
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
    cancel = wait.start(() => {
      unsubscribe();
      resolve({ events: [], after });
    });
  });
}

/** Why this event ends a turn without its whole answer. */
export function failureOfEvent(event: TurnEvent | undefined): ChatError | undefined {
  return event?.type === "end" ? failureOf(event) : undefined;
}
