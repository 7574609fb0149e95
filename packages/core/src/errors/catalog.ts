/** Every failure Parlor knows: what it is called, what HTTP says of it, and whether trying again can help. */
interface Entry {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const entry = (status: number, title: string, retryable = false): Entry => ({ status, title, retryable });

export const catalog = {
  // The request.
  invalid_json: entry(400, "The body is not JSON"),
  invalid_request: entry(422, "The request breaks its schema"),
  unauthorized: entry(401, "Credentials are missing or not valid"),
  conflicting_credentials: entry(400, "The request has two different credentials"),
  auth_unavailable: entry(503, "Credentials cannot be checked", true),
  forbidden: entry(403, "Not allowed"),
  not_found: entry(404, "Not found"),
  message_not_found: entry(404, "There is no such message in the session"),
  unknown_model: entry(404, "There is no such model"),
  unsupported_by_model: entry(422, "The model cannot do that"),
  session_not_found: entry(404, "Session not found"),
  method_not_allowed: entry(405, "This path does not take that method"),
  request_timeout: entry(408, "The request took too long to arrive"),
  payload_too_large: entry(413, "The body is too large"),
  unsupported_media_type: entry(415, "The body's content type is not supported"),
  upgrade_required: entry(426, "This path speaks WebSocket"),
  forbidden_key: entry(400, "The body holds a forbidden key"),
  too_deep: entry(400, "The body is nested too deeply"),
  context_too_long: entry(422, "The message does not fit the model's context"),
  nothing_to_regenerate: entry(400, "The conversation has no user message to answer again"),
  // The session.
  turn_in_progress: entry(409, "Another turn is running on this session", true),
  turn_stopped: entry(409, "The turn was stopped before it began"),
  message_exists: entry(409, "The session has a message with this id already"),
  session_exists: entry(409, "The session exists already"),
  sessions_full: entry(409, "This user has as many sessions as are allowed"),
  idempotency_mismatch: entry(422, "The Idempotency-Key came with another body before"),
  cursor_expired: entry(410, "The stream is no longer kept"),
  // Limits.
  rate_limited: entry(429, "Too many requests", true),
  token_budget_exceeded: entry(429, "The token budget is used up", true),
  too_many_turns: entry(429, "Too many turns at once", true),
  too_many_streams: entry(429, "Too many streams at once", true),
  // The model.
  backend_auth: entry(502, "The model's service refused our credentials"),
  backend_quota: entry(502, "The account at the model's service has no quota left"),
  backend_rate_limited: entry(503, "The model's service limits our rate", true),
  backend_overloaded: entry(503, "The model's service is overloaded", true),
  backend_unavailable: entry(502, "The model's service cannot be reached", true),
  backend_bad_request: entry(502, "The model's service did not accept the request"),
  backend_error: entry(502, "The model's service failed", true),
  backend_timeout: entry(504, "The model took too long", true),
  content_filter: entry(502, "The model's service blocked the content"),
  upstream_truncated: entry(502, "The model's answer broke off", true),
  upstream_invalid: entry(502, "The model's service answered something that makes no sense", true),
  answer_too_long: entry(502, "The model's answer exceeds the size limit"),
  // This server.
  lease_lost: entry(503, "The turn was taken over by another node", true),
  store_unavailable: entry(503, "The store cannot be reached", true),
  draining: entry(503, "The server is shutting down", true),
  internal: entry(500, "Something went wrong here"),
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof catalog;
