import type { ChatError } from "@parlor/core";
import { askDirectly, fromTransport, retryAfterOf, type Asking, type Refusal } from "@parlor/wire";
import Client, { type ClientOptions } from "openai";
import { fromStatus, type ProviderError } from "./errors.ts";
import type { OpenAIOptions, Resolved } from "./options.ts";

/** Through somebody's own client, which makes and sends each call its own way; only its retries are off. */
export function askThrough(client: Client, { name, path }: Resolved): Asking<object> {
  return {
    async ask(body, signal) {
      try {
        return await client.post(path, { body, stream: true, signal, maxRetries: 0 }).asResponse();
      } catch (error) {
        throw fromClient(name, error, body);
      }
    },
    close() {},
  };
}

/** With a client of our own, which makes the request once; each call sends its body with it. */
export function askOurselves(options: Resolved, fetch: OpenAIOptions["fetch"]): Asking<object> {
  const { name, connectMs } = options;
  return askDirectly({
    name,
    connectMs,
    request: () => makeRequest(options, "post", options.path),
    refused: (refusal) => toRefusal(name, refusal),
    fetch,
  });
}

/** The SDK lets OPENAI_CUSTOM_HEADERS into every client; here only what our options say counts. */
class OpenAI extends Client {
  constructor(options: ClientOptions) {
    super(options);
    this._options = { ...this._options, defaultHeaders: options.defaultHeaders };
  }
}

/** Address and headers of a request, as the SDK makes them. */
export async function makeRequest(
  options: Resolved,
  method: "get" | "post",
  path: string,
): Promise<{ url: string; headers: { [name: string]: string } }> {
  const { apiKey, baseURL, headers } = options;
  const client = new OpenAI({
    // The SDK wants a key even where none is sent.
    apiKey: apiKey ?? "none",
    baseURL,
    // What is not given here is read from the environment.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
    defaultHeaders: { ...(apiKey === undefined && { authorization: null }), "accept-encoding": "identity", ...headers },
  });
  const { req, url } = await client.buildRequest({ method, path, ...(method === "post" && { body: {} }) });
  // What the SDK tells of itself (its retries, its timeout) is not so of us.
  const own = Array.from(req.headers as Headers).filter(([header]) => !header.startsWith("x-stainless-"));
  return { url, headers: Object.fromEntries(own) };
}

/** An answer that is no success, as an error of ours. */
export function toRefusal(name: string, { status, text, body, retryAfterMs }: Refusal<object>): ChatError {
  const { error, readyMs } = toldIn(text);
  return fromStatus(name, status, error, body, retryAfterMs ?? readyMs);
}

/**
 * `{ error: { … } }`, `{ error: "…" }`, or the error itself. Hugging Face tells beside it in how many seconds a model that is loading
 * should be ready.
 */
function toldIn(text: string): { readonly error: ProviderError; readonly readyMs?: number } {
  try {
    const body = JSON.parse(text) as { readonly error?: unknown; readonly estimated_time?: unknown } | null;
    const error = body?.error ?? body;
    const seconds = body?.estimated_time;
    return {
      error: typeof error === "string" ? { message: error } : (error as ProviderError),
      ...(typeof seconds === "number" && seconds >= 0 && { readyMs: Math.ceil(seconds * 1000) }),
    };
  } catch {
    return { error: { message: text } };
  }
}

export function fromClient(name: string, error: unknown, body: object): ChatError {
  if (!(error instanceof Error)) return fromTransport(name, error);
  // Not by instanceof: the client may come from another copy of the package.
  const { status, headers, error: inner } = error as Error & { status?: unknown; headers?: Headers; error?: unknown };
  if (typeof status !== "number") return fromTransport(name, error);
  const told = typeof inner === "object" && inner !== null ? inner : error;
  return fromStatus(name, status, told, body, headers && retryAfterOf(headers, Date.now()));
}
