import { type Clock, isoTime, type Turn } from "@parlor/core";
import type { Frames } from "../../stream/follow.ts";
import { failureOfEvent } from "../../stream/opening.ts";
import { eventFormat, eventWithoutId } from "../../stream/sse-encode.ts";

/** How v1's frames travel. Each makes the text of one; `fields` are JSON without its braces. */
interface Wire {
  chunk(offset: number, fields: string): string;
  /** After the last chunk, which is empty. `offset`: of the end. */
  done(offset: number): string;
  /** Without an offset only this reading broke off. */
  error(offset: number | undefined, fields: string): string;
}

/** What a reader has had before: offset and number of text events. */
interface Seen {
  readonly offset: number;
  readonly texts: number;
}

const completed = JSON.stringify({ message: "Stream completed" });

/** A turn as v1's server-sent events. */
export function v1Frames(turn: Turn, clock: Clock, seen: Seen): Frames {
  const chunk = eventFormat(turn.id, "chunk");
  const head = `${chunk.middle}{`;
  const tail = `}${chunk.end}`;
  const last = (event: string, offset: number, data: string): string => {
    const { start, middle, end } = eventFormat(turn.id, event);
    return start + offset + middle + data + end;
  };
  return frames(turn, clock, seen, {
    chunk: (offset, fields) => chunk.start + offset + head + fields + tail,
    done: (offset) => last("done", offset, completed),
    error: (offset, fields) =>
      offset === undefined ? eventWithoutId("error", `{${fields}}`) : last("error", offset, `{${fields}}`),
  });
}

/** A turn as the messages of v1's WebSocket, a line for each. */
export function socketFrames(turn: Turn, clock: Clock, seen: Seen): Frames {
  const head = '{"type":"chunk",';
  const id = `,"id":"${turn.id}:`;
  const session = `,"session_id":${JSON.stringify(turn.key.id)}`;
  return frames(turn, clock, seen, {
    chunk: (offset, fields) => `${head}${fields}${id}${offset}"}\n`,
    done: () => "",
    error: (offset, fields) => `{"type":"error",${fields}${session}${offset === undefined ? "" : `${id}${offset}"`}}\n`,
  });
}

function frames(turn: Turn, clock: Clock, seen: Seen, wire: Wire): Frames {
  // Everything of a chunk that stays the same is put together once per stream, and its time once per batch.
  const ids = `,"session_id":${JSON.stringify(turn.key.id)},"message_id":${JSON.stringify(turn.message)},"chunk_id":`;
  let lastText = seen.offset;
  let texts = seen.texts;

  return {
    batch(events) {
      const time = `,"timestamp":"${isoTime(clock.now())}"`;
      const more = `,"is_final":false${time}`;
      let out = "";
      for (const event of events) {
        if (event.type === "text") {
          out += wire.chunk(event.offset, `"content":${JSON.stringify(event.text)}${ids}${event.index}${more}`);
          lastText = event.offset;
          texts = event.index + 1;
        } else if (event.type === "end") {
          const failure = failureOfEvent(event);
          if (failure) {
            out += wire.error(event.offset, errorFields(failure));
            continue;
          }
          // The last chunk keeps the place of the text before it, so that nobody comes back from behind it and misses the end.
          out += wire.chunk(lastText, `"content":""${ids}${texts},"is_final":true${time}`) + wire.done(event.offset);
        }
      }
      return out;
    },
    failure: (reason) => wire.error(undefined, errorFields(reason)),
  };
}

function errorFields({ message, code }: { readonly message: string; readonly code: string }): string {
  return `"error":${JSON.stringify(message)},"code":${JSON.stringify(code)}`;
}
