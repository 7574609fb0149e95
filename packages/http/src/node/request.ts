import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Readable } from "node:stream";
import { ChatError } from "@parlor/core";
import { tooLarge } from "../input/too-large.ts";
import type { HttpBody, HttpRequest } from "../seam.ts";
import { takeOverOf } from "../take-over.ts";
import { readBody, toText } from "./read-body.ts";

export type NodeIncoming = IncomingMessage | Http2ServerRequest;
export type NodeOutgoing = ServerResponse | Http2ServerResponse;

/** What the framework knows better than the socket. What costs something to find out can be a getter: it may not be asked for. */
export interface NodeContext<Raw> {
  /** Path and query below the prefix. */
  readonly url: string;
  readonly prefix: string;
  readonly ip: string | undefined;
  readonly secure: boolean;
  readonly raw: Raw;
  /** The body where the host has put a stream of its own in its place, decoded. */
  readonly payload?: Readable | undefined;
}

/** A Node request behind the seam. Makes what costs only when it is asked for. */
export class NodeRequest<Raw> implements HttpRequest<Raw> {
  readonly kind: "http" | "ws";
  readonly method: string;
  readonly path: string;
  readonly prefix: string;
  readonly headers: { readonly [name: string]: string | undefined };
  readonly #context: NodeContext<Raw>;
  readonly #incoming: NodeIncoming;
  readonly #outgoing: NodeOutgoing;
  readonly #search: string;
  #ip: string | undefined;
  #query: URLSearchParams | undefined;
  #controller: AbortController | undefined;

  constructor(incoming: NodeIncoming, outgoing: NodeOutgoing, context: NodeContext<Raw>) {
    const mark = context.url.indexOf("?");
    this.kind = takeOverOf(outgoing) ? "ws" : "http";
    this.method = incoming.method ?? "GET";
    this.path = mark < 0 ? context.url : context.url.slice(0, mark);
    this.#search = mark < 0 ? "" : context.url.slice(mark + 1);
    this.prefix = context.prefix;
    // The only list Node makes is set-cookie, which no request has.
    this.headers = incoming.headers as { [name: string]: string | undefined };
    this.#context = context;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  /** As it was when first asked for: a closed socket no longer knows. */
  get ip(): string | undefined {
    return (this.#ip ??= this.#context.ip);
  }

  get secure(): boolean {
    return this.#context.secure;
  }

  get raw(): Raw {
    return this.#context.raw;
  }

  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#search));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = (this.#controller = new AbortController());
      // `close` of the request has passed once its body is read; the response's tells of a gone client at any time.
      this.#outgoing.once("close", () => {
        if (!this.#outgoing.writableFinished) controller.abort();
      });
      if (this.#outgoing.destroyed) controller.abort();
    }
    return this.#controller.signal;
  }

  body(limit: number): Promise<HttpBody> {
    const { payload } = this.#context;
    if (payload) return readBody(payload, 0, limit);
    const incoming: NodeIncoming & { body?: unknown } = this.#incoming;
    if (incoming.readableDidRead || incoming.readableEnded) return parsedByHost(incoming.body, limit);
    if ((incoming.headers["content-encoding"] ?? "identity") !== "identity") {
      return Promise.reject(new ChatError("unsupported_media_type", "Send the body without a content encoding."));
    }
    const announced = Number(incoming.headers["content-length"] ?? 0);
    return readBody(incoming, announced, limit);
  }
}

/** A body parser of the host was first: JSON as a value, or text and bytes as they came. */
async function parsedByHost(body: unknown, limit: number): Promise<HttpBody> {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return { parsed: body };
  if (body.length > limit) throw tooLarge(limit);
  return { text: typeof body === "string" ? body : toText(body) };
}
