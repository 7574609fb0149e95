import type { TurnOutcome } from "../contracts/index.ts";
import { catalog, ChatError, type ErrorCode } from "../errors/index.ts";

/** Why a turn ended without its whole answer; undefined when it is complete or its user stopped it. */
export function failureOf({ status, error }: TurnOutcome): ChatError | undefined {
  if (!error && status !== "failed") return undefined;
  const { code = "internal", detail = "The turn failed.", retryAfterMs } = error ?? {};
  const known = Object.hasOwn(catalog, code) ? (code as ErrorCode) : "internal";
  return new ChatError(known, detail, retryAfterMs === undefined ? {} : { retryAfterMs });
}
