import { ChatError, type ErrorCode } from "@parlor/core";

/** What the service says of a failure. Its words are not shown: they may hold keys, paths and prompts. */
export interface ServiceError {
  /** A code of Parlor's own catalogue, where it says one. */
  readonly code?: unknown;
}

const byStatus: { readonly [status: number]: ErrorCode } = {
  401: "backend_auth",
  402: "backend_quota",
  403: "backend_auth",
  408: "backend_timeout",
  413: "context_too_long",
  429: "backend_rate_limited",
  501: "backend_bad_request",
  503: "backend_overloaded",
  504: "backend_timeout",
};

const sentences = new Map<string, string>(
  Object.entries({
    backend_auth: "refused the internal API key. Check INTERNAL_API_KEY, or the option `apiKey`",
    backend_quota: "has no quota left",
    backend_rate_limited: "limits how often it may be asked. Try again later",
    backend_overloaded: "is overloaded or loading its model. Try again later",
    backend_timeout: "took too long",
    backend_bad_request: "did not accept the request. Check its address and the model's tag",
    backend_error: "failed",
    context_too_long: "says that the conversation does not fit the model's context",
    content_filter: "blocked the content",
  } as const satisfies { readonly [code in ErrorCode]?: string }),
);

/** An HTTP answer that is no success. */
export function fromStatus(name: string, status: number, text: string, retryAfterMs?: number): ChatError {
  const code = codeOf(parsed(text)) ?? byStatus[status] ?? (status >= 500 ? "backend_error" : "backend_bad_request");
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new ChatError(code, `${name} ${sentences.get(code)} (HTTP ${status}).`, retry);
}

/** `data: {"error", "code"}` in a stream. */
export function fromInBand(name: string, error: ServiceError): ChatError {
  const code = codeOf(error) ?? "backend_error";
  return new ChatError(code, `${name} ${sentences.get(code)} in the middle of its answer.`);
}

function codeOf({ code }: ServiceError): ErrorCode | undefined {
  return typeof code === "string" && sentences.has(code) ? (code as ErrorCode) : undefined;
}

function parsed(text: string): ServiceError {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}
