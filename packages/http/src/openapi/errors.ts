import { catalog, type ErrorCode } from "@parlor/core";
import type { Route } from "../route.ts";
import type { JsonSchema } from "./json-schema.ts";

const ofAccess: readonly ErrorCode[] = [
  "conflicting_credentials",
  "unauthorized",
  "forbidden",
  "auth_unavailable",
  "store_unavailable",
  "rate_limited",
];
const ofBody: readonly ErrorCode[] = [
  "invalid_json",
  "forbidden_key",
  "too_deep",
  "request_timeout",
  "payload_too_large",
  "unsupported_media_type",
];
const ofTurn: readonly ErrorCode[] = [
  "context_too_long",
  "idempotency_mismatch",
  "turn_in_progress",
  "turn_stopped",
  "sessions_full",
  "token_budget_exceeded",
  "too_many_turns",
  "too_many_streams",
  "backend_auth",
  "backend_quota",
  "backend_rate_limited",
  "backend_overloaded",
  "backend_unavailable",
  "backend_bad_request",
  "backend_error",
  "backend_timeout",
  "content_filter",
  "upstream_truncated",
  "upstream_invalid",
  "answer_too_long",
  "lease_lost",
  "draining",
];

/** Every code that a route may answer, by status. */
export function errorsOf({
  access,
  params,
  query,
  body,
  startsTurn,
  errors,
  failure,
}: Route): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>([
    ...(access === "public" ? [] : ofAccess),
    ...(params || query || body ? (["invalid_request"] as const) : []),
    ...(body ? ofBody : []),
    ...(startsTurn ? ofTurn : []),
    ...errors,
    "internal",
  ]);
  const byStatus = Map.groupBy(codes, (code) => failure?.statusOf(code) ?? catalog[code].status);
  return new Map([...byStatus].toSorted(([one], [other]) => one - other));
}

/** `application/problem+json`, RFC 9457. */
export const problemSchema: JsonSchema = {
  type: "object",
  description: "What went wrong (RFC 9457).",
  required: ["type", "title", "status", "detail", "code", "request_id"],
  properties: {
    type: { type: "string", format: "uri", description: "`urn:parlor:error:<code>`." },
    title: { type: "string", description: "The same for every error of this code." },
    status: { type: "integer", description: "The HTTP status." },
    detail: { type: "string", description: "A sentence that says what to do." },
    code: { type: "string", enum: Object.keys(catalog), description: "Does not change; act on this one." },
    request_id: { type: "string", description: "As in `X-Request-Id`; the server's log has it too." },
    errors: {
      type: "array",
      description: "The fields that break the schema.",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};
