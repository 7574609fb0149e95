import { ChatError, type ErrorCode } from "@parlor/core";
import type { z } from "zod";
import type { HttpHeaders, HttpReply } from "../seam.ts";

/** How a protocol says that something failed. */
export interface FailureFormat {
  /** `challenge` is what `WWW-Authenticate` says where credentials are missing. */
  reply(error: ChatError, requestId: string, challenge: string): HttpReply;
  statusOf(code: ErrorCode): number;
  /** Content type of the body. */
  readonly type: string;
  /** Of the body, for the API's description; absent: a problem of RFC 9457. */
  readonly schema?: z.ZodType;
}

/** What is not a `ChatError` tells nothing of itself. */
export function toChatError(error: unknown): ChatError {
  return ChatError.isInstance(error)
    ? error
    : new ChatError("internal", "The server failed on this request; its log has the cause under this request id.");
}

/** What every protocol sends with a failure. */
export function failureHeaders(type: string, { status, retryAfterMs }: ChatError, challenge: string): HttpHeaders {
  return {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(retryAfterMs !== undefined && { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
    ...(status === 401 && { "www-authenticate": challenge }),
    ...(status === 426 && { upgrade: "websocket" }),
  };
}
