import type { MaybePromise } from "./maybe-promise.ts";

/** One request, whatever server it came through. `Raw` is the framework's own request. */
export interface HttpRequest<Raw = unknown> {
  /** `http`, or `ws` for an upgrade. */
  readonly kind: "http" | "ws";
  /** Upper case. */
  readonly method: string;
  /** Below the mount prefix, still percent-encoded, with its leading slash, without the query. */
  readonly path: string;
  /** Where we are mounted, for links: "" or "/ai". */
  readonly prefix: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string | undefined };
  /** The sender's address by the server's own rules about proxies. */
  readonly ip: string | undefined;
  /** It came over TLS, by the server's own rules about proxies. */
  readonly secure: boolean;
  /** Aborts when who asked has gone. */
  readonly signal: AbortSignal;
  readonly raw: Raw;
  /** Reads the body once, at most `limit` bytes. Throws `payload_too_large`, `invalid_json` (not UTF-8), `unsupported_media_type` (encoded). */
  body(limit: number): Promise<HttpBody>;
}

/** The body as text, or as the host has parsed it already. */
export type HttpBody = { readonly text: string } | { readonly parsed: unknown };

export type HttpHeaders = { readonly [name: string]: string };

export interface HttpReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: HttpHeaders;
  /** Undefined: none. */
  readonly body: string | Uint8Array | StreamBody | undefined;
}

/** Writes to a sink as long as it likes. The bridge calls what it returns once the connection has closed, however that came. */
export type StreamBody = (sink: Sink) => () => void;

/** The way to one reader. */
export interface Sink {
  /** False: the reader is behind, write nothing more until drained. */
  write(text: string): boolean;
  /** Called whenever the reader has caught up after a refused write. One callback per sink. */
  onDrain(callback: () => void): void;
  /** Closes the reply once what was written has gone out. */
  end(): void;
  /** Breaks the connection: what has not gone out is lost. */
  abort(): void;
}

export interface Handler<Raw = unknown> {
  /** Undefined: not our path. Never rejects: a failure is a reply. */
  handle(request: HttpRequest<Raw>): MaybePromise<HttpReply | undefined>;
}
