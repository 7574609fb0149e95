import { ChatError } from "@parlor/core";
import type { HttpReply } from "../seam.ts";

/**
 * An error as `application/problem+json` (RFC 9457). What is not a `ChatError` tells nothing of itself.
 * `challenge` is what `WWW-Authenticate` says where credentials are missing.
 */
export function problem(error: unknown, requestId: string, challenge = 'Bearer realm="parlor"'): HttpReply {
  const known = ChatError.isInstance(error)
    ? error
    : new ChatError("internal", "The server failed on this request; its log has the cause under this request id.");
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  if (known.retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.max(1, Math.ceil(known.retryAfterMs / 1000)));
  }
  if (known.status === 401) headers["www-authenticate"] = challenge;
  if (known.status === 426) headers["upgrade"] = "websocket";
  return { status: known.status, headers, body: JSON.stringify(toProblemBody(known, requestId)) };
}

type Problem = Pick<ChatError, "code" | "title" | "status" | "message" | "errors">;

export function toProblemBody({ code, title, status, message, errors }: Problem, requestId: string): object {
  // RFC 9457, 4.2: a URN names the type where no page is served for it; docs/errors.md has them all.
  return { type: `urn:parlor:error:${code}`, title, status, detail: message, code, request_id: requestId, errors };
}

/** For a server of its own: what it answers where `handle` gave undefined. */
export function notFound(requestId: string): HttpReply {
  const reply = problem(new ChatError("not_found", "There is nothing at this path."), requestId);
  return { ...reply, headers: { ...reply.headers, "x-request-id": requestId } };
}
