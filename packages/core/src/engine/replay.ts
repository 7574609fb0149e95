import type { TurnEvent } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import type { Reader } from "./types.ts";

/** A replay goes out in pages of this many characters, so that a slow reader can pause between them. */
const pageCharacters = 32_768;

export function pageOf(events: readonly TurnEvent[], from: number): readonly TurnEvent[] {
  let to = from;
  for (let size = 0; to < events.length && size < pageCharacters; to += 1) {
    const event = events[to];
    size += event?.type === "text" || event?.type === "reasoning" ? event.text.length + 200 : 1000;
  }
  return events.slice(from, to);
}

/** For a reader that has seen more than there is: another node was ahead of the log, or it made the offset up. */
export function startingAfter(after: number, reader: Reader): Reader {
  const onBatch = (events: readonly TurnEvent[]) => {
    const later = events.filter((event) => event.offset > after);
    if (later.length > 0) return reader.onBatch(later);
    const last = events.at(-1);
    if (last?.type === "end") pastTheEnd(after, last.offset, reader);
    return true;
  };
  return { onBatch, onError: (error) => reader.onError?.(error) };
}

/** A reader that has the `end` already, or asks for what was never there. */
export function pastTheEnd(after: number, end: number, reader: Reader): void {
  if (after === end) reader.onBatch([]);
  else reader.onError?.(new ChatError("cursor_expired", "This turn has no such offset; read it again from its start."));
}

/** What a reader throws is its own affair. */
export function tell(reader: Reader, error: ChatError): void {
  try {
    reader.onError?.(error);
  } catch {
    // As with a batch: the turn and its other readers go on.
  }
}
