import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { type ClientOptions, WebSocket } from "ws";
import type { Answer } from "./answer.ts";
import type { Chunk } from "./server-events.ts";

export interface SocketAsked {
  /** Whose bearer token goes into the header; default "ada", null: none. */
  readonly as?: string | null;
  readonly headers?: { readonly [name: string]: string };
  /** Default: `parlor`. */
  readonly protocols?: readonly string[];
  /** Default: where v1 has its WebSocket. */
  readonly path?: string;
  readonly options?: ClientOptions;
}

/** What the server sends: the fields of a chunk or of an error. */
export type Frame = { readonly type: "chunk" | "error" | "pong" } & Partial<Chunk> & {
    readonly id?: string;
    readonly error?: string;
    readonly code?: string;
  };

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** One client of the `ws` library. */
export interface SocketClient {
  readonly webSocket: WebSocket;
  /** Of the 101. */
  readonly headers: Headers;
  /** As JSON; a string as it is. */
  readonly send: (message: unknown) => void;
  /** The next frame. Rejects where the socket closes instead. */
  readonly next: () => Promise<Frame>;
  /** The frames up to the last of a turn: its final chunk, or an error. */
  readonly turn: () => Promise<readonly Frame[]>;
  readonly closed: Promise<Closed>;
}

/** The socket, or what refused it. */
export async function connect(
  url: string,
  { as = "ada", headers, protocols = ["parlor"], path = "/api/v1/chat/ws", options }: SocketAsked = {},
): Promise<SocketClient | Answer> {
  const webSocket = new WebSocket(url.replace(/^http/, "ws") + path, [...protocols], {
    ...options,
    headers: { ...(as !== null && { authorization: `Bearer ${as}` }), ...headers },
  });
  const client = listen(webSocket);
  const refused = Promise.withResolvers<IncomingMessage>();
  let upgraded: IncomingMessage | undefined;
  webSocket.on("upgrade", (response) => (upgraded = response));
  webSocket.on("unexpected-response", (_, response) => refused.resolve(response));
  const response = await Promise.race([once(webSocket, "open").then(() => undefined), refused.promise]);
  if (!response) return { ...client, headers: toHeaders(upgraded) };
  const text = await readText(response);
  const isJson = /json/.test(response.headers["content-type"] ?? "");
  const answer = { status: response.statusCode ?? 0, headers: toHeaders(response), text };
  return { ...answer, body: isJson && text !== "" ? JSON.parse(text) : undefined };
}

function listen(webSocket: WebSocket): Omit<SocketClient, "headers"> {
  const frames: Frame[] = [];
  let wake = () => {};
  webSocket.on("message", (data) => {
    frames.push(JSON.parse((data as Buffer).toString()));
    wake();
  });
  const closed = new Promise<Closed>((resolve) => {
    webSocket.on("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
      wake();
    });
  });
  // `close` says it.
  webSocket.on("error", () => {});
  const next = async () => {
    for (let frame = frames.shift(); ; frame = frames.shift()) {
      if (frame) return frame;
      if (webSocket.readyState === WebSocket.CLOSED) throw new Error("The socket closed instead of sending a frame");
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  return {
    webSocket,
    closed,
    next,
    send: (message) => webSocket.send(typeof message === "string" ? message : JSON.stringify(message)),
    async turn() {
      const all: Frame[] = [];
      do all.push(await next());
      while (!all.at(-1)?.is_final && all.at(-1)?.type !== "error");
      return all;
    },
  };
}

function toHeaders(response: IncomingMessage | undefined): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response?.headers ?? {})) headers.set(name, String(value));
  return headers;
}

/** The answer as a client puts it together. */
export const contentOf = (frames: readonly Frame[]): string => frames.map(({ content = "" }) => content).join("");
