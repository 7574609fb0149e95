import type { HttpReply, Socket, SocketEvents } from "../seam.ts";

/** Bytes that wait for the reader before it counts as behind, and how often it is looked whether it has caught up. */
const highWaterMark = 65_536;
const lookMs = 50;

/** A WebSocket as the standard has it, and Hono's `WSContext`. */
export interface WebSocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** The standard's; what does not have it is never behind. */
  readonly bufferedAmount?: number;
  /** The runtime's own socket, where this one stands for it. */
  readonly raw?: unknown;
}

/** What a runtime calls when something happens to a socket: the argument of Hono's `upgradeWebSocket`. */
export interface WebSocketListeners {
  /** Some runtimes never call it: the first message does as well. */
  onOpen(event: unknown, webSocket: WebSocketLike): void;
  onMessage(event: { readonly data: unknown }, webSocket: WebSocketLike): void;
  onClose(): void;
  onError(): void;
}

/** Of a reply with status 101. The runtime sends the pings, and need not tell when a reader has caught up. */
export function webSocketListeners({ socket: opening }: HttpReply): WebSocketListeners {
  if (!opening) throw new TypeError("A WebSocket needs a reply that has one");
  const { messageBytes } = opening;
  let opened: { readonly socket: FetchSocket; readonly events: SocketEvents } | undefined;
  let isOver = false;
  const open = (webSocket: WebSocketLike) => {
    if (opened) return opened;
    const socket: FetchSocket = new FetchSocket(webSocket, end, () => opened?.events.onDrain());
    return (opened = { socket, events: opening.open(socket) });
  };
  function end(): void {
    if (isOver) return;
    isOver = true;
    opened?.socket.forget();
    opened?.events.onClose();
  }
  return {
    onOpen: (_, webSocket) => void open(webSocket),
    onMessage({ data }, webSocket) {
      if (isOver) return;
      const { socket, events } = open(webSocket);
      if (typeof data !== "string") events.onMessage(undefined);
      else if (isLonger(data, messageBytes)) socket.close(1009, `A message may have at most ${messageBytes} bytes.`);
      else events.onMessage(data);
    },
    onClose: end,
    onError: end,
  };
}

/** `WebSocket` of the standard. */
export interface StandardWebSocket extends WebSocketLike {
  readonly readyState: number;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "open" | "close" | "error", listener: () => void): void;
}

/** For runtimes whose sockets are standard ones. */
export function listenTo(webSocket: StandardWebSocket, reply: HttpReply): void {
  const listeners = webSocketListeners(reply);
  const isOpen = webSocket.readyState === 1;
  if (isOpen) listeners.onOpen(undefined, webSocket);
  else webSocket.addEventListener("open", () => listeners.onOpen(undefined, webSocket));
  webSocket.addEventListener("message", (event) => listeners.onMessage(event, webSocket));
  webSocket.addEventListener("close", () => listeners.onClose());
  webSocket.addEventListener("error", () => listeners.onError());
}

class FetchSocket implements Socket {
  readonly #webSocket: WebSocketLike;
  readonly #ended: () => void;
  readonly #drained: () => void;
  #looking: ReturnType<typeof setInterval> | undefined;

  constructor(webSocket: WebSocketLike, ended: () => void, drained: () => void) {
    this.#webSocket = webSocket;
    this.#ended = ended;
    this.#drained = drained;
  }

  send(texts: readonly string[]): boolean {
    try {
      for (const text of texts) this.#webSocket.send(text);
    } catch {
      // It has closed, and the runtime has not told yet.
      return false;
    }
    if (!this.#isBehind()) return true;
    this.#looking ??= setInterval(() => {
      if (this.#isBehind()) return;
      this.forget();
      this.#drained();
    }, lookMs);
    return false;
  }

  ping(): boolean {
    return false;
  }

  close(code: number, reason: string): void {
    try {
      this.#webSocket.close(code, reason);
    } catch {
      // Standard sockets close with codes of applications only: 1008 becomes 4008.
      this.#webSocket.close(3_000 + code, reason);
    }
  }

  abort(): void {
    const own = ownSocket(this.#webSocket);
    if (own.terminate) own.terminate();
    else own.close();
    // A reader that takes nothing does not answer a closing handshake either.
    this.#ended();
  }

  forget(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #isBehind(): boolean {
    const own = ownSocket(this.#webSocket);
    return (own.bufferedAmount ?? own.getBufferedAmount?.() ?? 0) >= highWaterMark;
  }
}

/** What some runtimes have beside the standard. */
interface OwnSocket extends WebSocketLike {
  readonly getBufferedAmount?: () => number;
  readonly terminate?: () => void;
}

const ownSocket = (webSocket: WebSocketLike): OwnSocket => (webSocket.raw ?? webSocket) as OwnSocket;

export function asksForWebSocket({ headers }: Request): boolean {
  return headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** In UTF-8, looked at closely only where it may matter. */
function isLonger(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && new TextEncoder().encode(text).byteLength > bytes;
}
