import type { Clock, Turn } from "@parlor/core";
import type { Frames } from "../../stream/follow.ts";
import { failureOfEvent } from "../../stream/opening.ts";
import { eventFormat, eventWithoutId } from "../../stream/sse-encode.ts";

const completed = JSON.stringify({ message: "Stream completed" });

/** A turn as v1's events. `seen`: offset and number of text events the reader has had before. */
export function v1Frames(turn: Turn, clock: Clock, seen: { readonly offset: number; readonly texts: number }): Frames {
  const chunk = eventFormat(turn.id, "chunk");
  const done = eventFormat(turn.id, "done");
  const error = eventFormat(turn.id, "error");
  // Everything of a chunk that stays the same is put together once per stream, and its time once per batch.
  const ids = `,"session_id":${JSON.stringify(turn.key.id)},"message_id":${JSON.stringify(turn.message)},"chunk_id":`;
  const head = `${chunk.middle}{"content":`;
  let lastText = seen.offset;
  let texts = seen.texts;

  return {
    batch(events) {
      const time = `,"timestamp":"${new Date(clock.now()).toISOString()}"}${chunk.end}`;
      const more = `,"is_final":false${time}`;
      let out = "";
      for (const event of events) {
        if (event.type === "text") {
          out += chunk.start + event.offset + head + JSON.stringify(event.text) + ids + event.index + more;
          lastText = event.offset;
          texts = event.index + 1;
        } else if (event.type === "end") {
          const failure = failureOfEvent(event);
          if (failure) {
            out += error.start + event.offset + error.middle + toError(failure) + error.end;
            continue;
          }
          // The last chunk keeps the place of the text before it: only `done` says that there is nothing to come back for.
          out += `${chunk.start}${lastText}${head}""${ids}${texts},"is_final":true${time}`;
          out += done.start + event.offset + done.middle + completed + done.end;
        }
      }
      return out;
    },
    failure: (reason) => eventWithoutId("error", toError(reason)),
  };
}

function toError({ message, code }: { readonly message: string; readonly code: string }): string {
  return JSON.stringify({ error: message, code });
}
