import { ChatError, type ErrorCode } from "@parlor/core";

/** What Anthropic says of a failure, as far as we read it. None of it is shown: it may hold keys, names and bodies. */
export interface ProviderError {
  readonly type?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
}

/** `error.type`, from docs.claude.com/en/api/errors and the SDK's `ErrorType`. */
const named = new Map<string, ErrorCode>(
  Object.entries({
    authentication_error: "backend_auth",
    permission_error: "backend_auth",
    billing_error: "backend_quota",
    rate_limit_error: "backend_rate_limited",
    overloaded_error: "backend_overloaded",
    timeout_error: "backend_timeout",
    api_error: "backend_error",
    conflict_error: "backend_error",
    not_found_error: "backend_bad_request",
    invalid_request_error: "backend_bad_request",
    request_too_large: "context_too_long",
  } as const),
);

const byStatus: { readonly [status: number]: ErrorCode } = {
  401: "backend_auth",
  402: "backend_quota",
  403: "backend_auth",
  408: "backend_timeout",
  409: "backend_error",
  413: "context_too_long",
  429: "backend_rate_limited",
  501: "backend_bad_request",
  503: "backend_overloaded",
  504: "backend_timeout",
  529: "backend_overloaded",
};

/** What comes as a bad request or as a rate limit and is something else, told in words. */
const told: readonly (readonly [words: RegExp, code: ErrorCode])[] = [
  [/prompt is too long|context (length|window|size|limit)|too many tokens/i, "context_too_long"],
  [/credit balance|spend limit|usage limits/i, "backend_quota"],
  [/content filtering policy|blocked by content/i, "content_filter"],
];

const sentences: { readonly [code in ErrorCode]?: string } = {
  backend_auth: "refused the API key, or it may not use this model. Check the key",
  backend_quota: "says that the account has no quota or credit left",
  backend_rate_limited: "limits how often it may be asked. Try again later",
  backend_overloaded: "is overloaded. Try again later",
  backend_timeout: "took too long",
  backend_bad_request: "did not accept the request. Check the model's name, the base URL and the settings",
  backend_error: "failed",
  context_too_long: "says that the conversation does not fit the model's context",
  content_filter: "blocked the content",
};

/** An HTTP answer that is no success. `asked`: the fields of our request, of which Anthropic may name one as the faulty one. */
export function fromStatus(
  name: string,
  status: number,
  error: ProviderError | undefined,
  asked: object,
  retryAfterMs?: number,
): ChatError {
  const base = byStatus[status] ?? (status >= 500 ? "backend_error" : "backend_bad_request");
  const code = codeOf(error) ?? base;
  const fault = code === "backend_bad_request" ? faultIn(error, asked) : "";
  return toError(name, code, ` (HTTP ${status}${fault})`, retryAfterMs);
}

/** An error inside a stream or a body that came with HTTP 200. */
export function fromInBand(name: string, error: unknown): ChatError {
  const given: ProviderError = typeof error === "object" && error !== null ? error : { message: error };
  return toError(name, codeOf(given) ?? "backend_error", " in the middle of its answer");
}

function codeOf(error: ProviderError = {}): ErrorCode | undefined {
  const { type, message, details } = error;
  const code = typeof type === "string" ? named.get(type) : undefined;
  if (code !== undefined && code !== "backend_bad_request" && code !== "backend_rate_limited") return code;
  const reason = typeof details === "object" && details !== null && "error_code" in details ? details.error_code : "";
  // Reasons such as `enforced_spend_limit_reached` and `user_profile_not_billable`.
  if (typeof reason === "string" && /spend_limit|billing|billable/.test(reason)) return "backend_quota";
  return (typeof message === "string" && told.find(([words]) => words.test(message))?.[1]) || code;
}

/** Messages begin with the path of the faulty field: `temperature: Extra inputs are not permitted`. */
function faultIn(error: ProviderError | undefined, asked: object): string {
  const { message } = error ?? {};
  const field = typeof message === "string" ? /^[a-z_]+(?=[.:])/.exec(message)?.[0] : undefined;
  return field !== undefined && Object.hasOwn(asked, field) ? `; it names \`${field}\`` : "";
}

function toError(name: string, code: ErrorCode, hint: string, retryAfterMs?: number): ChatError {
  return new ChatError(code, `${name} ${sentences[code]}${hint}.`, retryAfterMs === undefined ? {} : { retryAfterMs });
}
