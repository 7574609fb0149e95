import { notFound } from "../problem/problem.ts";
import type { Handler, HttpReply, StreamBody } from "../seam.ts";
import { type FetchContext, toHttpRequest } from "./request.ts";
import { asksForWebSocket, listenTo, type StandardWebSocket } from "./web-socket.ts";

/** Bytes that wait for the reader before it counts as behind. */
const highWaterMark = 16_384;

/** Lets the handler answer; undefined for a path that is not its own. */
export async function respond<Raw>(
  handler: Handler<Raw>,
  request: Request,
  context: FetchContext<Raw>,
): Promise<Response | undefined> {
  const seen = toHttpRequest(request, context);
  const reply = seen && (await handler.handle(seen));
  if (reply?.socket && context.upgrade) return context.upgrade(reply);
  return reply && toResponse(reply, request.method);
}

export interface FetchOptions {
  /** Where we are mounted, without a slash at the end; default: at the root. */
  readonly prefix?: string;
  /** Lets WebSockets through: `Deno.upgradeWebSocket`, or what does the same elsewhere. */
  readonly upgradeWebSocket?: (
    request: Request,
    options: { readonly protocol?: string },
  ) => { readonly socket: StandardWebSocket; readonly response: Response };
}

/** For `Bun.serve`, `Deno.serve` and workers: what is not ours gets 404 as problem+json. */
export function toFetch(
  handler: Handler<Request>,
  { prefix = "", upgradeWebSocket }: FetchOptions = {},
): (request: Request) => Promise<Response> {
  const upgradeOf = (request: Request): FetchContext<Request>["upgrade"] => {
    if (!upgradeWebSocket || !asksForWebSocket(request)) return undefined;
    return (reply) => {
      const { "sec-websocket-protocol": protocol } = reply.headers;
      const { socket, response } = upgradeWebSocket(request, protocol === undefined ? {} : { protocol });
      listenTo(socket, reply);
      return response;
    };
  };
  return async (request) =>
    (await respond(handler, request, { prefix, raw: request, upgrade: upgradeOf(request) })) ??
    toResponse(notFound(crypto.randomUUID()), request.method);
}

export function toResponse({ status, headers, body }: HttpReply, method: string): Response {
  if (body === undefined || method === "HEAD") return new Response(null, { status, headers });
  if (typeof body === "function") return new Response(toStream(body), { status, headers });
  // Its type admits only buffers that are not shared, which ours are.
  return new Response(body as BodyInit, { status, headers });
}

/** One stream of bytes, filled as fast as it is pulled. */
function toStream(body: StreamBody): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let open = true;
  let close: (() => void) | undefined;
  let drained = () => {};
  const finish = (how?: () => void) => {
    if (!open) return;
    open = false;
    how?.();
    close?.();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        close = body({
          write(text) {
            if (!open) return false;
            controller.enqueue(encoder.encode(text));
            return (controller.desiredSize ?? 0) > 0;
          },
          onDrain: (callback) => void (drained = callback),
          end: () => finish(() => controller.close()),
          abort: () => finish(() => controller.error(new Error("The stream was broken off"))),
        });
        // It may have ended within the call.
        if (!open) close();
      },
      pull: () => drained(),
      cancel: () => finish(),
    },
    { highWaterMark, size: (chunk) => chunk.byteLength },
  );
}
