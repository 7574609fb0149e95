import { catalog, type ChatError, type ErrorCode } from "@parlor/core";
import { z } from "zod";
import { type FailureFormat, failureHeaders } from "../../problem/failure-format.ts";

/** What this protocol's clients know under other names. */
const codes: Partial<Record<ErrorCode, string>> = {
  unknown_model: "model_not_found",
  context_too_long: "context_length_exceeded",
  rate_limited: "rate_limit_exceeded",
  token_budget_exceeded: "insufficient_quota",
  unauthorized: "invalid_api_key",
};

/** 400 where the other groups say 422: clients of this protocol repeat a 422 as if that could help. */
function statusOf(code: ErrorCode): number {
  const { status } = catalog[code];
  return status === 422 ? 400 : status;
}

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

export function toError({ code, message, errors }: ChatError) {
  const param = errors?.[0]?.path || null;
  return { error: { message, type: typeOf(statusOf(code)), param, code: codes[code] ?? code } };
}

/** The SDKs send again what comes back as 409, 429 or 5xx, unless they are told that it cannot help. */
const again = (status: number) => status === 409 || status === 429 || status >= 500;

/** Errors as `{"error": {message, type, param, code}}`. */
export const openaiFailure: FailureFormat = {
  reply(error, _requestId, challenge) {
    const status = statusOf(error.code);
    const headers = failureHeaders("application/json", error, challenge);
    return {
      status,
      headers: { ...headers, ...(again(status) && !error.retryable && { "x-should-retry": "false" }) },
      body: JSON.stringify(toError(error)),
    };
  },
  statusOf,
  type: "application/json",
  schema: z.object({
    error: z.object({
      message: z.string().describe("A sentence that says what to do."),
      type: z.string(),
      param: z.string().nullable().describe("The field that is at fault."),
      code: z.string().describe("Does not change; act on this one."),
    }),
  }),
};
