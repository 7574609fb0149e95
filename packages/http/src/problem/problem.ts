import { catalog, ChatError } from "@parlor/core";
import type { HttpReply } from "../seam.ts";
import { type FailureFormat, failureHeaders, toChatError } from "./failure-format.ts";

/** Errors as `application/problem+json` (RFC 9457). */
export const problemFormat: FailureFormat = {
  reply(error, requestId, challenge) {
    const headers = failureHeaders(problemFormat.type, error, challenge);
    return { status: error.status, headers, body: JSON.stringify(toProblemBody(error, requestId)) };
  },
  statusOf: (code) => catalog[code].status,
  type: "application/problem+json",
};

/** An error as a reply. What is not a `ChatError` tells nothing of itself. */
export function problem(error: unknown, requestId: string): HttpReply {
  return problemFormat.reply(toChatError(error), requestId, 'Bearer realm="parlor"');
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
