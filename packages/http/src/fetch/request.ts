import { ChatError } from "@parlor/core";
import { tooLarge } from "../input/too-large.ts";
import type { HttpBody, HttpReply, HttpRequest } from "../seam.ts";

/** What only the server knows. */
export interface FetchContext<Raw> {
  /** Where we are mounted, without a slash at the end; default: at the root. */
  readonly prefix?: string;
  readonly ip?: string | undefined;
  readonly raw: Raw;
  /** Gives the body when the host has read it before. */
  readonly text?: () => Promise<string>;
  /** For a request that may become a WebSocket: makes it one, by a reply with status 101. */
  readonly upgrade?: ((reply: HttpReply) => Response | Promise<Response>) | undefined;
}

/** A `Request` behind the seam; undefined when its path is not below the prefix. */
export function toHttpRequest<Raw>(request: Request, context: FetchContext<Raw>): HttpRequest<Raw> | undefined {
  const { prefix = "", ip, raw, text, upgrade } = context;
  const url = new URL(request.url);
  const path = url.pathname.slice(prefix.length);
  if (!url.pathname.startsWith(prefix) || (path !== "" && path[0] !== "/")) return undefined;
  const headers: Record<string, string | undefined> = Object.create(null);
  // Runtimes differ in whether they keep it.
  headers["host"] = url.host;
  for (const [name, value] of request.headers) headers[name] = value;
  return {
    kind: upgrade ? "ws" : "http",
    method: request.method,
    path: path || "/",
    prefix,
    query: url.searchParams,
    headers,
    ip,
    secure: url.protocol === "https:",
    signal: request.signal,
    raw,
    body: (limit) => (request.bodyUsed && text ? readByHost(text, limit) : readBody(request, limit)),
  };
}

async function readByHost(read: () => Promise<string>, limit: number): Promise<HttpBody> {
  const text = await read();
  if (text.length > limit) throw tooLarge(limit);
  return { text };
}

async function readBody(request: Request, limit: number): Promise<HttpBody> {
  if ((request.headers.get("content-encoding") ?? "identity") !== "identity") {
    throw new ChatError("unsupported_media_type", "Send the body without a content encoding.");
  }
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge(limit);
  if (!request.body) return { text: "" };
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let bytes = 0;
  let text = "";
  // Leaving the loop early cancels the rest.
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw tooLarge(limit);
    text += decode(() => decoder.decode(chunk, { stream: true }));
  }
  return { text: text + decode(() => decoder.decode()) };
}

function decode(run: () => string): string {
  try {
    return run();
  } catch {
    throw new ChatError("invalid_json", "The body is not valid UTF-8.");
  }
}
