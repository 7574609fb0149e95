import Anthropic from "@anthropic-ai/sdk";
import type { ChatError } from "@parlor/core";
import { askDirectly as askAt, fromTransport, retryAfterOf, type Asking } from "@parlor/wire";
import { fromStatus, type ProviderError } from "./errors.ts";
import type { AnthropicOptions, Resolved } from "./options.ts";
import type { RequestBody } from "./request.ts";

const path = "/v1/messages";

/** Through somebody's own client, which makes and sends each call its own way; only its retries are off. */
export function askThrough(client: Anthropic, { name, version }: Resolved): Asking<RequestBody> {
  return {
    async ask(body, signal) {
      const headers = { "anthropic-version": version };
      try {
        return await client.post(path, { body, stream: true, signal, headers, maxRetries: 0 }).asResponse();
      } catch (error) {
        throw fromClient(name, error, body);
      }
    },
    close() {},
  };
}

/** With a client of our own, which makes the request once. */
export function askDirectly(options: Resolved, fetch: AnthropicOptions["fetch"]): Asking<RequestBody> {
  const { name, connectMs } = options;
  return askAt<RequestBody>({
    name,
    connectMs,
    fetch,
    request: () => makeRequest(options),
    refused: ({ status, text, body, retryAfterMs }) => fromStatus(name, status, errorIn(text), body, retryAfterMs),
  });
}

async function makeRequest(options: Resolved): Promise<{ url: string; headers: { [name: string]: string } }> {
  const { apiKey, auth, baseURL, version, headers } = options;
  const bearer = apiKey !== undefined && auth === "bearer" ? `Bearer ${apiKey}` : null;
  const client = new Anthropic({
    // Without a key the SDK would look for one in files and in the environment.
    apiKey: apiKey ?? "none",
    baseURL,
    webhookKey: null,
    logLevel: "off",
    openTelemetry: false,
    defaultHeaders: {
      ...withoutCustomHeaders(),
      authorization: bearer,
      ...(apiKey !== undefined && auth === "x-api-key" && { "x-api-key": apiKey }),
      "anthropic-version": version,
      "accept-encoding": "identity",
      ...headers,
    },
  });
  const { req, url } = await client.buildRequest({ method: "post", path, body: {} });
  return { url, headers: Object.fromEntries(req.headers as Headers) };
}

/** The SDK lets the lines of ANTHROPIC_CUSTOM_HEADERS into every client; here only what our options say counts. */
function withoutCustomHeaders(): { [name: string]: null } {
  const lines = process.env["ANTHROPIC_CUSTOM_HEADERS"]?.split("\n") ?? [];
  const names = lines.filter((line) => line.includes(":")).map((line) => line.slice(0, line.indexOf(":")).trim());
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** `{ type: "error", error: { … } }`, `{ error: "…" }`, or the error itself. */
function errorIn(text: string): ProviderError {
  try {
    return inner(JSON.parse(text));
  } catch {
    return { message: text };
  }
}

function inner(body: unknown): ProviderError {
  const error = typeof body === "object" && body !== null && "error" in body ? body.error : body;
  return typeof error === "object" && error !== null ? error : { message: error };
}

function fromClient(name: string, error: unknown, body: RequestBody): ChatError {
  if (!(error instanceof Error)) return fromTransport(name, error);
  // Not by instanceof: the client may come from another copy of the package. `error` is the whole body.
  const { status, headers, error: told } = error as Error & { status?: unknown; headers?: Headers; error?: unknown };
  if (typeof status !== "number") return fromTransport(name, error);
  return fromStatus(name, status, inner(told), body, headers && retryAfterOf(headers, Date.now()));
}
