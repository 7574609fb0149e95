import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

export interface ProviderRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Behind the question mark; empty where there is none. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
  /** The body as a JSON object; undefined where it is none. */
  readonly body: { readonly [field: string]: unknown } | undefined;
  /** Bytes of the answer that went to the socket so far, with those that still wait there. */
  readonly written: number;
  /** Resolves when the exchange is over: the answer went out whole, or the connection ended before. */
  readonly closed: Promise<"complete" | "aborted">;
}

/** Reads a request whole. */
export async function receive(incoming: IncomingMessage, response: ServerResponse): Promise<ProviderRequest> {
  const closed = new Promise<"complete" | "aborted">((resolve) => {
    response.once("close", () => resolve(response.writableFinished ? "complete" : "aborted"));
  });
  const parts: Buffer[] = [];
  incoming.on("data", (part: Buffer) => parts.push(part));
  await once(incoming, "end");
  const sent = Buffer.concat(parts).toString();
  const { method = "GET", url = "/", headers, socket } = incoming;
  const [path, query = ""] = url.split(/\?(.*)/s, 2) as [string, string?];
  const before = socket.bytesWritten;
  return {
    method,
    path,
    query,
    headers,
    text: sent,
    body: parse(sent),
    get written() {
      return socket.bytesWritten - before;
    },
    closed,
  };
}

function parse(sent: string): ProviderRequest["body"] {
  try {
    const value: unknown = JSON.parse(sent);
    return typeof value === "object" && value !== null ? (value as { readonly [field: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}
