import { notFound } from "../problem/problem.ts";
import type { Handler, HttpReply, StreamBody } from "../seam.ts";
import { type FetchContext, toHttpRequest } from "./request.ts";

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
  return reply && toResponse(reply, request.method);
}

/** For `Bun.serve`, `Deno.serve` and workers: what is not ours gets 404 as problem+json. */
export function toFetch(
  handler: Handler<Request>,
  options: { readonly prefix?: string } = {},
): (request: Request) => Promise<Response> {
  return async (request) =>
    (await respond(handler, request, { ...options, raw: request })) ??
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
          abort: () => finish(() => controller.error(new Error("The reader took nothing for too long"))),
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
