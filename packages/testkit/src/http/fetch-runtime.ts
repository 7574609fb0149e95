import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Readable } from "node:stream";

/** What Bun, Deno and the like do with a function from Request to Response; for `listen`. */
export function fetchRuntime(answer: (request: Request) => Response | Promise<Response>): RequestListener {
  return (incoming, outgoing) => {
    serve(answer, incoming, outgoing).catch(() => outgoing.destroy());
  };
}

async function serve(
  answer: (request: Request) => Response | Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const { method = "GET", headers } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  const request = new Request(`http://${headers.host}${incoming.url}`, {
    method,
    headers: headers as Record<string, string>,
    signal: gone.signal,
    ...(hasBody && { body: Readable.toWeb(incoming), duplex: "half" }),
  } as RequestInit);
  const response = await answer(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  const reader = response.body?.getReader();
  gone.signal.addEventListener("abort", () => void reader?.cancel().catch(() => {}));
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    if (!outgoing.write(read.value)) await once(outgoing, "drain", { signal: gone.signal });
  }
  outgoing.end();
}
