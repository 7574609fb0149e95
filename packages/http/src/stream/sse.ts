import type { Turn } from "@parlor/core";
import { noContent } from "../reply.ts";
import type { HttpHeaders, HttpReply } from "../seam.ts";
import type { Service } from "../service.ts";
import type { SharedTimeout } from "../shared-timeout.ts";
import { follow, type Frames } from "./follow.ts";
import { opening } from "./opening.ts";
import type { Resumed } from "./resume.ts";
import { position } from "./sse-encode.ts";

export const sseHeaders: HttpHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** Clients that a restart cuts off all at once come back spread over a second. */
const retryMs = 1_000;

/** A turn as server-sent events, from its beginning or from where a reader left it. Throws what fails before the headers. */
export async function sse(
  service: Service,
  turn: Turn,
  frames: Frames,
  resumed: Resumed | undefined,
  wait: SharedTimeout = service.headersAfter,
): Promise<HttpReply> {
  if (resumed?.ended) return noContent();
  const { stalls, heartbeats } = service;
  const after = resumed?.offset ?? 0;
  const start = await opening(turn, after, wait);
  const prelude = position(turn.id, after, retryMs * (1 + Math.random()));
  return {
    status: 200,
    headers: sseHeaders,
    body: follow(turn, start, frames, { stalls, prelude, heartbeats }),
  };
}
