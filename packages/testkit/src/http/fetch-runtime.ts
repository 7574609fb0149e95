import { once } from "node:events";
import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { listen } from "./listen.ts";

type Answer = (request: Request) => Response | Promise<Response>;

/** What Bun, Deno and the like do with a function from Request to Response; for `listen`. */
export function fetchRuntime(answer: Answer): RequestListener {
  return (incoming, outgoing) => {
    serve(answer, incoming, outgoing).catch(() => outgoing.destroy());
  };
}

/** As `Deno.upgradeWebSocket`. */
export type UpgradeWebSocket = (
  request: Request,
  options: { readonly protocol?: string },
) => { readonly socket: WebSocket; readonly response: Response };

/** A runtime that has WebSockets: the arguments of `listen`. */
export function socketRuntime(make: (upgradeWebSocket: UpgradeWebSocket) => Answer): Parameters<typeof listen> {
  const upgrades = new WeakMap<Request, { incoming: IncomingMessage; stream: Socket; head: Buffer }>();
  const upgraded = new WeakSet<Response>();
  const answer = make((request, { protocol }) => {
    const { incoming, stream, head } = upgrades.get(request)!;
    const handshake = new WebSocketServer({ noServer: true, handleProtocols: () => protocol ?? false });
    let socket: WebSocket | undefined;
    handshake.handleUpgrade(incoming, stream, head, (opened) => (socket = opened));
    // Whoever asks listens from then on: it opens once the response is back.
    setImmediate(() => socket?.emit("open"));
    const response = new Response();
    upgraded.add(response);
    return { socket: socket!, response };
  });
  const attach = (server: Server) =>
    server.on("upgrade", (incoming: IncomingMessage, stream: Socket, head: Buffer) => {
      const request = toRequest(incoming, new AbortController().signal);
      upgrades.set(request, { incoming, stream, head });
      const reply = async () => {
        const response = await answer(request);
        if (upgraded.has(response)) return;
        const outgoing = new ServerResponse(incoming);
        outgoing.shouldKeepAlive = false;
        outgoing.assignSocket(stream);
        outgoing.once("finish", () => stream.destroySoon());
        await write(response, outgoing, new AbortController().signal);
      };
      reply().catch(() => stream.destroy());
    });
  return [fetchRuntime(answer), attach];
}

async function serve(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  await write(await answer(toRequest(incoming, gone.signal)), outgoing, gone.signal);
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", headers } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://${headers.host}${incoming.url}`, {
    method,
    headers: headers as Record<string, string>,
    signal,
    ...(hasBody && { body: Readable.toWeb(incoming), duplex: "half" }),
  } as RequestInit);
}

async function write(response: Response, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  const reader = response.body?.getReader();
  signal.addEventListener("abort", () => void reader?.cancel().catch(() => {}));
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    if (!outgoing.write(read.value)) await once(outgoing, "drain", { signal });
  }
  outgoing.end();
}
