import type { TurnEvent } from "../contracts/index.ts";
import type { ChatError } from "../errors/index.ts";
import { failureOf } from "./failure-of.ts";
import type { Turn, TurnStream } from "./types.ts";

/** A turn as something to iterate. What is not read yet waits here, a batch per read, and costs the turn nothing. */
export function toStream(accepted: Promise<Turn>): TurnStream {
  // Whoever awaits it gets the refusal; if nobody does it must not end the process.
  accepted.catch(() => {});

  async function* batches(): AsyncGenerator<readonly TurnEvent[]> {
    const turn = await accepted;
    const waiting: (readonly TurnEvent[])[] = [];
    let failure: ChatError | undefined;
    let wake: () => void = () => {};
    const unsubscribe = turn.subscribe(0, {
      onBatch: (events) => {
        waiting.push(events);
        wake();
      },
      onError: (error) => {
        failure = error;
        wake();
      },
    });
    try {
      for (;;) {
        const batch = waiting.shift();
        if (batch) {
          yield batch;
          const last = batch.at(-1);
          if (last?.type !== "end") continue;
          const broken = failureOf(last);
          if (broken) throw broken;
          return;
        } else if (failure) throw failure;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      unsubscribe();
    }
  }

  return {
    accepted,
    batches,
    async *[Symbol.asyncIterator]() {
      for await (const batch of batches()) yield* batch;
    },
    reply: async () => (await accepted).reply(),
    stop: async () => (await accepted).stop(),
  };
}
