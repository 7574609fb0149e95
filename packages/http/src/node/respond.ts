import type { ServerResponse } from "node:http";
import type { Handler, HttpReply, Sink } from "../seam.ts";
import { takeOverOf } from "../take-over.ts";
import type { NodeOutgoing, NodeRequest } from "./request.ts";
import { writeChunk } from "./write-chunk.ts";

/** Lets the handler answer. `notOurs` is called for a path that is not its own. */
export function respond<Raw>(
  handler: Handler<Raw>,
  request: NodeRequest<Raw>,
  outgoing: NodeOutgoing,
  notOurs: (error?: unknown) => void,
): void {
  const outcome = handler.handle(request);
  if (outcome instanceof Promise) {
    outcome.then((reply) => (reply === undefined ? notOurs() : send(reply, request.method, outgoing)), notOurs);
  } else if (outcome === undefined) notOurs();
  else send(outcome, request.method, outgoing);
}

/** Writes a reply: headers in one go, a body in one piece or a stream with backpressure; or opens a WebSocket. */
export function send(reply: HttpReply, method: string, outgoing: NodeOutgoing): void {
  // HTTP/1 and HTTP/2 responses have the same methods with types that do not meet.
  const response = outgoing as ServerResponse;
  const { status, headers, body } = reply;
  if (reply.socket) return takeOverOf(outgoing)?.(reply);
  if (outgoing.destroyed || outgoing.headersSent) {
    // A stream must learn that its connection has closed, even where it never began.
    if (typeof body === "function") body(nobody)();
    return;
  }
  if (typeof body === "function") {
    response.writeHead(status, headers);
    if (method === "HEAD") response.end();
    else stream(body, response);
    return;
  }
  if (body === undefined) {
    response.writeHead(status, headers);
    response.end();
    return;
  }
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  if (method === "HEAD") response.end();
  else response.end(body);
}

function stream(body: (sink: Sink) => () => void, response: ServerResponse): void {
  // A write can meet a connection that has just broken: `close` follows and says what matters.
  response.on("error", () => {});
  const sink = new NodeSink(response);
  const closed = body(sink);
  if (response.closed) closed();
  else response.once("close", closed);
}

/** Of a client that has gone before the headers. */
const nobody: Sink = { write: () => false, onDrain() {}, end() {}, abort() {} };

class NodeSink implements Sink {
  readonly #response: ServerResponse;
  /** The `compression` middleware holds writes back until told. */
  readonly #flush: (() => void) | undefined;
  #begun = false;
  /** Set until the first write that was refused: most readers are never behind. */
  #onDrain: (() => void) | undefined;

  constructor(response: ServerResponse & { flush?: () => void }) {
    this.#response = response;
    this.#flush = typeof response.flush === "function" ? () => response.flush?.() : undefined;
  }

  write(text: string): boolean {
    if (this.#response.destroyed) return false;
    if (this.#begun && writeChunk(this.#response, text)) return true;
    this.#begun = true;
    const flowing = this.#response.write(text);
    this.#flush?.();
    if (!flowing && this.#onDrain) {
      this.#response.on("drain", this.#onDrain);
      this.#onDrain = undefined;
    }
    return flowing;
  }

  onDrain(callback: () => void): void {
    this.#onDrain = callback;
  }

  end(): void {
    if (!this.#response.destroyed) this.#response.end();
  }

  abort(): void {
    this.#response.destroy();
  }
}
