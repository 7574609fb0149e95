import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { HttpReply, Socket } from "../seam.ts";

/** How long a client may take to answer a closing handshake. */
const closeTimeout = 1_000;

export interface Upgraded {
  readonly incoming: IncomingMessage;
  readonly stream: Duplex;
  readonly head: Buffer;
}

/** Sends a 101 and makes the connection a WebSocket, one of `open` as long as it lives. A handshake that is none gets a 400. */
export function openWebSocket(reply: HttpReply, { incoming, stream, head }: Upgraded, open: Set<WebSocket>): void {
  const { "sec-websocket-protocol": subprotocol, ...headers } = reply.headers;
  const opening = reply.socket;
  if (!opening) throw new TypeError("A WebSocket needs a reply that has one");
  // The library's name for what speaks the handshake: one for each connection holds what this one is answered.
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: opening.messageBytes,
    closeTimeout,
    // Without this it would send back the first that was offered, which may be the token.
    handleProtocols: () => subprotocol ?? false,
  };
  const handshake = new WebSocketServer(options);
  handshake.on("headers", (lines) => {
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  });
  handshake.handleUpgrade(incoming, stream, head, (webSocket) => {
    const events = opening.open(new NodeSocket(webSocket, stream));
    open.add(webSocket);
    webSocket.on("message", (data, isBinary) => events.onMessage(isBinary ? undefined : (data as Buffer).toString()));
    webSocket.on("pong", () => events.onPong());
    stream.on("drain", () => events.onDrain());
    // `close` follows, and says all that matters.
    webSocket.on("error", () => {});
    webSocket.on("close", () => {
      open.delete(webSocket);
      events.onClose();
    });
  });
}

class NodeSocket implements Socket {
  readonly #webSocket: WebSocket;
  /** The connection itself: the library does not say when it has drained. */
  readonly #stream: Duplex;

  constructor(webSocket: WebSocket, stream: Duplex) {
    this.#webSocket = webSocket;
    this.#stream = stream;
  }

  send(texts: readonly string[]): boolean {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return false;
    this.#stream.cork();
    for (const text of texts) this.#webSocket.send(text);
    this.#stream.uncork();
    return !this.#stream.writableNeedDrain;
  }

  ping(): boolean {
    this.#webSocket.ping();
    return true;
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
  }

  abort(): void {
    this.#webSocket.terminate();
  }
}
