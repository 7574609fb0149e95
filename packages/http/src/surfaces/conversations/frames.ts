import type { Turn } from "@parlor/core";
import type { Frames } from "../../stream/follow.ts";
import { failureOfEvent } from "../../stream/opening.ts";
import { dataWithoutId, eventFormat } from "../../stream/sse-encode.ts";

const over = JSON.stringify({ done: true });

/** A turn as events that have no names: tokens, reasoning, and that it is done. */
export function conversationFrames(turn: Turn): Frames {
  const { start, middle, end } = eventFormat(turn.id);
  const done = JSON.stringify({ done: true, message_id: turn.message });
  return {
    batch(events) {
      let out = "";
      for (const event of events) {
        if (event.type === "text")
          out += `${start}${event.offset}${middle}{"token":${JSON.stringify(event.text)}}${end}`;
        else if (event.type === "reasoning") {
          out += `${start}${event.offset}${middle}{"reasoning":${JSON.stringify(event.text)}}${end}`;
        } else if (event.type === "end") {
          const failure = failureOfEvent(event);
          if (failure) out += dataWithoutId(toError(failure));
          out += start + event.offset + middle + (failure ? over : done) + end;
        }
      }
      return out;
    },
    failure: (error) => dataWithoutId(toError(error)) + dataWithoutId(over),
  };
}

const toError = ({ message, code }: { readonly message: string; readonly code: string }) =>
  JSON.stringify({ error: message, code });
