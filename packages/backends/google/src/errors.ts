import { ChatError, type ErrorCode } from "@parlor/core";

/**
 * What Google says of a failure, as far as we read it (https://google.aip.dev/193). None of it is shown: it may hold keys, names
 * and bodies.
 */
export interface GoogleError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly status?: unknown;
  readonly details?: unknown;
}

const byStatus: { readonly [status: string]: ErrorCode } = {
  INVALID_ARGUMENT: "backend_bad_request",
  FAILED_PRECONDITION: "backend_quota",
  OUT_OF_RANGE: "backend_bad_request",
  UNAUTHENTICATED: "backend_auth",
  PERMISSION_DENIED: "backend_auth",
  NOT_FOUND: "backend_bad_request",
  RESOURCE_EXHAUSTED: "backend_rate_limited",
  CANCELLED: "backend_error",
  INTERNAL: "backend_error",
  UNKNOWN: "backend_error",
  UNIMPLEMENTED: "backend_bad_request",
  UNAVAILABLE: "backend_overloaded",
  DEADLINE_EXCEEDED: "backend_timeout",
};

/** Where the body is not Google's: a proxy's, say. */
const byHttp: { readonly [status: number]: ErrorCode } = {
  401: "backend_auth",
  402: "backend_quota",
  403: "backend_auth",
  408: "backend_timeout",
  413: "context_too_long",
  429: "backend_rate_limited",
  499: "backend_error",
  503: "backend_overloaded",
  504: "backend_timeout",
};

const sentences: { readonly [code in ErrorCode]?: string } = {
  backend_auth: "refused the API key, or it may not use this model. Check the key",
  backend_quota: "says that the account has no quota or credit left, or needs billing. Check its plan",
  backend_rate_limited: "limits how often it may be asked. Try again later",
  backend_overloaded: "is overloaded. Try again later",
  backend_timeout: "took too long",
  backend_bad_request: "did not accept the request. Check the model's name, the API version and the settings",
  backend_error: "failed",
  context_too_long: "says that the conversation does not fit the model's context",
};

/** An HTTP answer that is no success. `retryAfterMs`: what its headers ask for. */
export function fromStatus(status: number, told: GoogleError = {}, retryAfterMs?: number): ChatError {
  return toError(told, status, ` (HTTP ${status})`, retryAfterMs);
}

/** An error inside a stream, or a body, that came with HTTP 200. */
export function fromInBand(error: unknown): ChatError {
  const told: GoogleError = typeof error === "object" && error !== null ? error : { message: error };
  return toError(told, Number(told.code), " in the middle of its answer");
}

function toError(told: GoogleError, status: number, hint: string, retryAfterMs?: number): ChatError {
  const details = detailsOf(told);
  const code =
    codeOf(told, status, details) ??
    byStatus[String(told.status)] ??
    byHttp[status] ??
    (status >= 400 && status < 500 ? "backend_bad_request" : "backend_error");
  const wait = Math.max(retryAfterMs ?? 0, ...details.map(({ retryDelay }) => millisecondsOf(retryDelay)));
  return new ChatError(code, `Google ${sentences[code]}${hint}.`, wait > 0 ? { retryAfterMs: wait } : {});
}

interface Detail {
  /** Of `google.rpc.ErrorInfo`. */
  readonly reason?: unknown;
  /** Of `google.rpc.RetryInfo`: `12s`, `1.5s`. */
  readonly retryDelay?: unknown;
  /** Of `google.rpc.QuotaFailure`. */
  readonly violations?: unknown;
}

function detailsOf({ details }: GoogleError): readonly Detail[] {
  if (!Array.isArray(details)) return [];
  return details.filter((detail): detail is Detail => typeof detail === "object" && detail !== null);
}

/** What the status alone does not tell. */
function codeOf({ message }: GoogleError, status: number, details: readonly Detail[]): ErrorCode | undefined {
  const text = typeof message === "string" ? message : "";
  // A wrong key is an invalid argument to Google.
  if (
    details.some(({ reason }) => String(reason).startsWith("API_KEY_")) ||
    /\bAPI key (not valid|expired)/i.test(text)
  ) {
    return "backend_auth";
  }
  if (/token count.{0,40}exceeds the maximum|input context is too long/i.test(text)) return "context_too_long";
  // What is spent for the day or for good does not come back in seconds.
  const spent = status === 402 || details.some(({ violations }) => /PerDay/.test(JSON.stringify(violations) ?? ""));
  return spent || /credits are depleted/i.test(text) ? "backend_quota" : undefined;
}

function millisecondsOf(delay: unknown): number {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(String(delay)) ?? [];
  return Math.ceil(Number(seconds ?? 0) * 1000);
}
