import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { buffer as readBuffer, text as readText } from "node:stream/consumers";
import { type ChatEngine, createChatEngine } from "@parlor/core";
import { says, scriptedBackend, type Step } from "@parlor/core/testing";
import { afterEach, expect, test } from "vitest";
import { createHandler, type HandlerOptions } from "../src/index.ts";
import { listener, type NodeIncoming } from "../src/node/index.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Site {
  readonly engine: ChatEngine;
  readonly port: number;
  readonly server: Server;
  /** The newest exchange. */
  readonly last: { incoming?: IncomingMessage; outgoing?: ServerResponse };
}

async function serve(
  model: readonly Step[] = says("Hello there"),
  options: Partial<HandlerOptions<NodeIncoming>> = {},
  before: (outgoing: ServerResponse) => void = () => {},
): Promise<Site> {
  const engine = createChatEngine({ backend: scriptedBackend(model), maxAnswerCharacters: 100_000_000 });
  const handle = listener(createHandler(engine, { access: "public", sharedAnonymous: true, ...options }));
  const last: Site["last"] = {};
  const server = createServer((incoming, outgoing) => {
    Object.assign(last, { incoming, outgoing });
    before(outgoing);
    handle(incoming, outgoing);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await engine.close({ drainMs: 0 });
  });
  return { engine, server, last, port: (server.address() as AddressInfo).port };
}

const chat = JSON.stringify({ message: "Hi", session_id: "s1", stream: true });

async function post(port: number, path = "/api/v1/chat", body: string | Uint8Array = chat): Promise<IncomingMessage> {
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const sending = request({ port, path, method: "POST", agent: false, headers }).end(body);
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  response.on("error", () => {});
  return response;
}

async function get(port: number, path: string): Promise<IncomingMessage> {
  const [response] = await once(request({ port, path, agent: false }).end(), "response");
  return response as IncomingMessage;
}

test("a reader that takes nothing costs at most 256 KB here", async () => {
  const read = { type: "text" as const, text: "x".repeat(8_000) };
  const site = await serve([...Array.from({ length: 4_000 }, () => read), ...says("")]);
  const response = await post(site.port);
  const turn = await site.engine.live({ owner: "anonymous", id: "s1" });
  await turn?.reply();
  // What it holds for this reader: written and not taken by the kernel.
  const { outgoing } = site.last;
  expect(outgoing?.writableNeedDrain).toBe(true);
  expect((outgoing?.writableLength ?? 0) + (outgoing?.socket?.writableLength ?? 0)).toBeLessThan(256 * 1024);
  response.destroy();
});

test("one write per read of the model", async () => {
  const writes: string[] = [];
  const site = await serve(
    [
      [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
      [{ type: "text", text: "c" }],
      ...says(""),
    ],
    {},
    (outgoing) => {
      const write = outgoing.write.bind(outgoing) as (chunk: string) => boolean;
      outgoing.write = ((chunk: string) => {
        writes.push(chunk);
        return write(chunk);
      }) as typeof outgoing.write;
    },
  );
  await readText(await post(site.port));
  expect(writes.map((chunk) => chunk.match(/event: /g)?.length)).toEqual([2, 1, 2]);
});

test("behind middleware that holds writes back, each is flushed", async () => {
  let flushed = 0;
  const site = await serve(says("Hello there"), {}, (outgoing) => {
    Object.assign(outgoing, { flush: () => (flushed += 1) });
  });
  await readText(await post(site.port));
  expect(flushed).toBe(3);
});

test("a reader that leaves is unsubscribed, and nothing of it stays", async () => {
  const site = await serve([{ type: "text", text: "Well" }, { stall: true }]);
  const response = await post(site.port);
  await once(response, "readable");
  const { incoming, outgoing } = site.last;
  response.destroy();
  await once(outgoing!, "close");
  expect(outgoing?.listenerCount("close")).toBe(0);
  expect(incoming?.listenerCount("close")).toBe(0);
  await site.engine.stop({ owner: "anonymous", id: "s1" });
});

test("a client that goes before the reply, or amid its body, breaks nothing", async () => {
  const site = await serve(says("Hello there"));
  const head = `POST /chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${chat.length}\r\n\r\n`;
  for (const sent of [head + chat, head + chat.slice(0, 9)]) {
    const socket = connect(site.port, "127.0.0.1");
    const got = once(site.server, "request");
    socket.write(sent);
    await got;
    socket.destroy();
    await once(site.last.outgoing!, "close");
  }
  expect(await readText(await post(site.port))).toContain("event: done");
});

test("a client that goes before the headers of a stream leaves its line in the log, and no subscription", async () => {
  const logged = Promise.withResolvers<object>();
  const word = Promise.withResolvers<void>();
  const site = await serve([{ wait: word.promise }, ...says("Hello there")], {
    streams: { headersAfterMs: 3_600_000 },
    logger: { info: logged.resolve, error: logged.resolve },
  });
  const sending = request({ port: site.port, path: "/api/v1/chat/stream?message=Hi&session_id=s1" }).end();
  sending.on("error", () => {});
  await once(site.server, "request");
  sending.destroy();
  await once(site.last.outgoing!, "close");
  word.resolve();
  expect(await logged.promise).toMatchObject({ route: "/api/v1/chat/stream", status: 200 });
  expect(site.last.outgoing?.headersSent).toBe(false);
});

test("keep-alive: many requests on one connection, refused bodies among them", async () => {
  const site = await serve(says("Hello there"), { limits: { bodyBytes: 100 } });
  const socket = connect(site.port, "127.0.0.1").setEncoding("utf8");
  let received = "";
  socket.on("data", (chunk: string) => (received += chunk));
  const send = (path: string, body: string) =>
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  const small = JSON.stringify({ message: "Hi", session_id: "s1" });
  for (const body of [small, small.padEnd(5_000), "{", small]) send("/chat", body);
  send("/nothing", small);
  while ((received.match(/HTTP\/1\.1 /g)?.length ?? 0) < 5) await once(socket, "data");
  expect(received.match(/HTTP\/1\.1 \d+/g)?.map((line) => line.slice(-3))).toEqual(["200", "413", "400", "200", "404"]);
  socket.destroy();
});

test("a request target in absolute form", async () => {
  const site = await serve();
  for (const path of ["http://any.example/status", "HTTPS://any.example:80/status?x=/", "http://any.example?x=1"]) {
    const response = await get(site.port, path);
    expect(response.statusCode).toBe(200);
    response.resume();
  }
});

test("bytes that the host has read must be UTF-8", async () => {
  const engine = createChatEngine({ backend: scriptedBackend(says("Hello there")) });
  const handle = listener(createHandler(engine, { access: "public", sharedAnonymous: true }));
  const server = createServer((incoming, outgoing) => {
    void readBuffer(incoming).then((body) => handle(Object.assign(incoming, { body }), outgoing));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await engine.close({ drainMs: 0 });
  });
  const { port } = server.address() as AddressInfo;
  const body = Buffer.from(JSON.stringify({ message: "Hé", session_id: "s1" }));
  expect((await post(port, "/chat", body)).statusCode).toBe(200);
  const refused = await post(port, "/chat", Buffer.from(body.toString("utf8"), "latin1"));
  expect(refused.statusCode).toBe(400);
  expect(await readText(refused)).toContain("invalid_json");
});

test("HTTP/2", async () => {
  const engine = createChatEngine({ backend: scriptedBackend(says("Hello there")) });
  const server = createHttp2Server(listener(createHandler(engine, { access: "public", sharedAnonymous: true })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(async () => {
    client.close();
    server.close();
    await engine.close({ drainMs: 0 });
  });
  const headers = { ":method": "POST", ":path": "/api/v1/chat", "content-type": "application/json" };
  const stream = client.request(headers);
  stream.end(chat);
  const [reply] = (await once(stream, "response")) as [Record<string, unknown>];
  expect(reply).toMatchObject({ ":status": 200, "content-type": "text/event-stream; charset=utf-8" });
  expect(reply["connection"]).toBeUndefined();
  expect(await readText(stream)).toMatch(/"content":"Hello".*event: done\n/s);

  const plain = client.request({ ":path": "/status" });
  expect(JSON.parse(await readText(plain))).toMatchObject({ status: "ok" });

  const leaving = client.request(headers);
  leaving.end(chat);
  await once(leaving, "response");
  leaving.destroy();
  await once(leaving, "close");
  const again = client.request({ ":path": "/history/s1" });
  expect(JSON.parse(await readText(again))).toMatchObject({ turn_count: 2 });
});
