import { ChatError } from "@parlor/core";
import type { Exchange } from "./dispatch.ts";
import type { Logger } from "./options.ts";

export interface Outcome {
  readonly status: number;
  readonly ms: number;
  /** What was thrown; undefined: nothing. */
  readonly failure: unknown;
}

/** One line per request. Names routes by their pattern, for the path itself holds ids, and never what people wrote. */
export function logRequest(logger: Logger, exchange: Exchange, { status, ms, failure }: Outcome): void {
  const { request, match, requestId, principal } = exchange;
  const fields = {
    method: request.method,
    route: match.route?.path,
    status,
    ms: Math.round(ms * 1000) / 1000,
    request_id: requestId,
    owner: principal && fingerprintOf(principal.id),
    code: ChatError.isInstance(failure) ? failure.code : undefined,
    err: status >= 500 ? failure : undefined,
  };
  if (status >= 500) logger.error(fields, "request failed");
  else logger.info(fields, "request");
}

/** Tells owners apart in logs without naming them: FNV-1a, 32 bits. */
export function fingerprintOf(owner: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(owner)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
