import { ChatError, type Reply, type Turn } from "@parlor/core";

/** The whole answer (or what its user stopped it at), waited for as long as somebody is there to get it: without, the turn goes on as one nobody listens to. */
export async function replyOf(turn: Turn, signal: AbortSignal): Promise<Reply> {
  await new Promise<void>((resolve, reject) => {
    const leave = turn.subscribe(0, {
      onBatch(events) {
        if (events.length === 0 || events.at(-1)?.type === "end") resolve();
      },
      onError: reject,
    });
    const gone = () => {
      leave();
      reject(new ChatError("request_timeout", "The client has gone; the turn goes on without it."));
    };
    if (signal.aborted) gone();
    else signal.addEventListener("abort", gone, { once: true });
  });
  return turn.reply();
}
