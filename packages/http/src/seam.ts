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
  /** With status 101, to a request of kind `ws` only: the connection becomes a WebSocket. */
  readonly socket?: SocketOpening;
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

/** How a WebSocket begins. Its subprotocol is in the reply's headers. */
export interface SocketOpening {
  /** Largest message to take, in bytes; a larger one closes the socket with 1009. */
  readonly messageBytes: number;
  /** Called once the client has its 101. The bridge tells what it returns of everything that happens. */
  open(socket: Socket): SocketEvents;
}

/** One WebSocket, whatever library or runtime carries it. */
export interface Socket {
  /** Each text is one message; all leave together. False: the reader is behind, send nothing more until it has caught up. */
  send(texts: readonly string[]): boolean;
  /** Asks the client for a sign of life. False: this runtime looks after that itself. */
  ping(): boolean;
  /** Ends it by the closing handshake. A reason has at most 123 bytes. */
  close(code: number, reason: string): void;
  /** Breaks the connection: what has not gone out is lost. */
  abort(): void;
}

/** What becomes of a WebSocket. */
export interface SocketEvents {
  /** Undefined: it was no text. */
  onMessage(text: string | undefined): void;
  /** The answer to `ping`. */
  onPong(): void;
  /** The reader has caught up. */
  onDrain(): void;
  /** The connection has closed, however that came. Last of all, once. */
  onClose(): void;
}

export interface Handler<Raw = unknown> {
  /** Undefined: not our path. Never rejects: a failure is a reply. */
  handle(request: HttpRequest<Raw>): MaybePromise<HttpReply | undefined>;
}
