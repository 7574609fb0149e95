import { ChatError, type ErrorCode } from "@parlor/core";

/** What a provider says of a failure, as far as we read it. None of it is shown: it may hold keys, names and bodies. */
export interface ProviderError {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly message?: unknown;
  readonly param?: unknown;
  readonly metadata?: unknown;
}

/** How providers name failures in `error.code` and `error.type`. */
const named = new Map<string, ErrorCode>(
  Object.entries({
    insufficient_quota: "backend_quota",
    billing_hard_limit_reached: "backend_quota",
    billing_not_active: "backend_quota",
    insufficient_balance: "backend_quota",
    context_length_exceeded: "context_too_long",
    context_window_exceeded: "context_too_long",
    exceed_context_size_error: "context_too_long",
    content_filter: "content_filter",
    content_policy_violation: "content_filter",
    responsibleaipolicyviolation: "content_filter",
    invalid_prompt: "content_filter",
    bio_policy: "content_filter",
    cyber_policy: "content_filter",
    misalignment_policy_violation: "content_filter",
    image_content_policy_violation: "content_filter",
    data_residency_mismatch: "backend_bad_request",
    // Groq's words for a model that made no call or JSON of it.
    tool_use_failed: "upstream_invalid",
    json_validate_failed: "upstream_invalid",
    rate_limit_exceeded: "backend_rate_limited",
    rate_limit_error: "backend_rate_limited",
    overloaded_error: "backend_overloaded",
    overloaded: "backend_overloaded",
    engine_overloaded: "backend_overloaded",
    server_overloaded: "backend_overloaded",
    slow_down: "backend_overloaded",
    unavailable_error: "backend_overloaded",
    service_unavailable: "backend_overloaded",
    invalid_api_key: "backend_auth",
    authentication_error: "backend_auth",
    permission_error: "backend_auth",
    permission_denied: "backend_auth",
    timeout: "backend_timeout",
  } as const),
);

const byStatus: { readonly [status: number]: ErrorCode } = {
  401: "backend_auth",
  402: "backend_quota",
  403: "backend_auth",
  408: "backend_timeout",
  413: "context_too_long",
  429: "backend_rate_limited",
  498: "backend_overloaded",
  501: "backend_bad_request",
  503: "backend_overloaded",
  504: "backend_timeout",
  529: "backend_overloaded",
};

/** MiniMax says what failed in `base_resp.status_code`, under HTTP 200. */
const byBaseResp: { readonly [status: number]: ErrorCode } = {
  1001: "backend_timeout",
  1002: "backend_rate_limited",
  1004: "backend_auth",
  1008: "backend_quota",
  1026: "content_filter",
  1027: "content_filter",
  1039: "context_too_long",
  2013: "backend_bad_request",
};

const sentences: { readonly [code in ErrorCode]?: string } = {
  backend_auth: "refused the API key, or it may not use this model. Check the key",
  backend_quota: "says that the account has no quota or credit left",
  backend_rate_limited: "limits how often it may be asked. Try again later",
  backend_overloaded: "is overloaded or starting. Try again later",
  backend_timeout: "took too long",
  backend_bad_request: "did not accept the request. Check the model's name, the base URL and the settings",
  backend_error: "failed",
  context_too_long: "says that the conversation does not fit the model's context",
  content_filter: "blocked the content",
  upstream_invalid: "says that its model made something that makes no sense",
};

function toError(name: string, code: ErrorCode, hint: string, retryAfterMs?: number): ChatError {
  return new ChatError(code, `${name} ${sentences[code]}${hint}.`, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/** An HTTP answer that is no success. `asked`: the fields of our request, of which a provider may name one as the faulty one. */
export function fromStatus(
  name: string,
  status: number,
  error: ProviderError | undefined,
  asked: object,
  retryAfterMs?: number,
): ChatError {
  const code = status === 413 ? undefined : codeOf(error);
  const base = byStatus[status] ?? (status >= 500 ? "backend_error" : "backend_bad_request");
  const { param } = error ?? {};
  const fault = typeof param === "string" && Object.hasOwn(asked, param) ? `; it names \`${param}\`` : "";
  return toError(name, code ?? base, ` (HTTP ${status}${fault})`, retryAfterMs);
}

/** An error inside a stream or a body that came with HTTP 200. */
export function fromInBand(name: string, error: unknown): ChatError {
  const told: ProviderError = typeof error === "object" && error !== null ? error : { message: error };
  const status = Number(told.code);
  if (status >= 400 && status < 600) return fromStatus(name, status, told, {});
  const vague = told.type === "invalid_request_error" ? "backend_bad_request" : "backend_error";
  return toError(name, codeOf(told) ?? vague, " in the middle of its answer");
}

export function fromBaseResp(name: string, status: number): ChatError {
  return toError(name, byBaseResp[status] ?? "backend_error", ` (status ${status})`);
}

function codeOf({ code, type, message, metadata }: ProviderError = {}): ErrorCode | undefined {
  for (const word of [code, type]) {
    const meant = typeof word === "string" ? named.get(word.toLowerCase()) : undefined;
    if (meant !== undefined) return meant;
  }
  // OpenAI's Responses name a dozen faults of an image.
  if (typeof code === "string" && /(^|_)image(_|$)/.test(code)) return "backend_bad_request";
  // OpenRouter's way to say that a moderation refused the prompt, under 403.
  if (typeof metadata === "object" && metadata !== null && "flagged_input" in metadata) return "content_filter";
  // Many services tell this one in words only.
  const told = typeof message === "string" && /context (length|window|size)|prompt is too long/i.test(message);
  return told ? "context_too_long" : undefined;
}
