import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, onTestFinished } from "vitest";
import { nodeFetch, readsOf } from "@parlor/wire";

async function serve(): Promise<{ readonly url: string; readonly seen: string[][] }> {
  const seen: string[][] = [];
  const server = createServer((request, response) => {
    seen.push(request.rawHeaders);
    request.resume().on("end", () => response.end("ok"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen };
}

async function call(fetch: ReturnType<typeof nodeFetch>["fetch"], url: string, signal: AbortSignal): Promise<void> {
  const headers = { "content-type": "application/json", "x-own": "1" };
  const { body } = await fetch(url, { method: "POST", headers, body: '{"a":"ä"}', signal, redirect: "manual" });
  const reads = readsOf(body);
  for (let text: string | undefined = ""; text !== undefined; text = reads.take()) await reads.ready();
}

it("sends the headers it is given, the host and the length", async () => {
  const { url, seen } = await serve();
  const { fetch, close } = nodeFetch(1_000);
  onTestFinished(close);
  await call(fetch, url, new AbortController().signal);
  const pairs = Array.from({ length: (seen[0]?.length ?? 0) / 2 }, (_, at) => seen[0]?.slice(2 * at, 2 * at + 2));
  expect(Object.fromEntries(pairs as string[][])).toEqual({
    host: new URL(url).host,
    "content-type": "application/json",
    "x-own": "1",
    "content-length": "10",
    Connection: "keep-alive",
  });
});

it("keeps nothing of a call with the connection that it opened", async () => {
  const { url } = await serve();
  const { fetch, close } = nodeFetch(1_000);
  onTestFinished(close);
  const first = await (async () => {
    const { signal } = new AbortController();
    await call(fetch, url, signal);
    return new WeakRef(signal);
  })();
  await call(fetch, url, new AbortController().signal);
  await new Promise(setImmediate);
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  expect(first.deref()).toBeUndefined();
});
