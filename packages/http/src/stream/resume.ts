import { ChatError, type SessionKey, type Turn } from "@parlor/core";
import type { HttpRequest } from "../seam.ts";
import type { Service } from "../service.ts";

/** What a reader has seen of a turn. */
export interface Resumed {
  readonly turn: Turn;
  readonly offset: number;
  /** Everything: there is nothing to follow. */
  readonly ended: boolean;
  /** How many text events it has seen, where the last one it saw was one. */
  readonly texts: number;
}

/** The cursor of a reader that comes back; its presence means that no turn may start. */
export function cursorOf(request: HttpRequest): string | undefined {
  return request.headers["last-event-id"] || request.query.get("after") || undefined;
}

/** Throws `not_found` for a turn that is not of this session, `cursor_expired` for a place that is not in its log (any more). */
export async function resume(service: Service, key: SessionKey, cursor: string): Promise<Resumed> {
  const [, id, digits] = /^(.{1,128}):(\d{1,15})$/.exec(cursor) ?? [];
  if (id === undefined) throw new ChatError("not_found", "This Last-Event-ID is not of a stream of this session.");
  const turn = await service.engine.turn(key, id);
  const offset = Number(digits);
  if (offset === 0) return { turn, offset, ended: false, texts: 0 };
  const seen = await turn.at(offset);
  if (!seen) {
    throw new ChatError("cursor_expired", "This place of the stream is not kept; read the session's messages instead.");
  }
  return { turn, offset, ended: seen.type === "end", texts: seen.type === "text" ? seen.index + 1 : 0 };
}
