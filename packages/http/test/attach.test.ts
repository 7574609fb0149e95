import { getEventListeners, once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createHandler, type Handler, type HandlerOptions } from "../src/index.ts";
import { attach, listener, type NodeIncoming } from "../src/node/index.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const path = "/api/v1/chat/ws";

interface Site {
  readonly server: Server;
  readonly port: number;
  readonly detach: () => void;
}

function handlerOf(options: HandlerOptions<NodeIncoming>): Handler<NodeIncoming> {
  return createHandler(createChatEngine({ backend: scriptedBackend(says("Hello there")) }), options);
}

async function serve(handler = handlerOf({ auth: () => ({ id: "ada" }) })): Promise<Site> {
  const server = createServer(listener(handler)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const detach = attach(server);
  closing.push(() => {
    detach();
    server.close();
    server.closeAllConnections();
  });
  return { server, detach, port: (server.address() as AddressInfo).port };
}

/** An upgrade as no client library would send it. */
function raw(port: number, target = path, lines: readonly string[] = [], before = ""): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const head = [
    `GET ${target} HTTP/1.1`,
    "Host: x",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...lines,
  ];
  socket.write(`${before}${head.join("\r\n")}\r\n\r\n`);
  return socket;
}

const statusLine = async (socket: Socket) => String((await once(socket, "data"))[0]).split("\r\n")[0];

async function open(port: number, target = path): Promise<WebSocket> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}${target}`);
  await once(webSocket, "open");
  return webSocket;
}

test("upgrades to other paths are left to their own listeners", async () => {
  const { server, port } = await serve();
  const theirs = new WebSocketServer({ noServer: true });
  server.on("upgrade", (incoming, socket, head) => {
    if (incoming.url === "/theirs") theirs.handleUpgrade(incoming, socket, head, (one) => one.send("theirs"));
  });
  const other = new WebSocket(`ws://127.0.0.1:${port}/theirs`);
  expect(String((await once(other, "message"))[0])).toBe("theirs");
  const ours = await open(port);
  ours.send('{"type":"ping"}');
  expect(String((await once(ours, "message"))[0])).toBe('{"type":"pong"}');
  other.terminate();
  ours.terminate();
});

test("where nobody else listens, an upgrade that is not ours is an ordinary request", async () => {
  const { port } = await serve();
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /status HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n");
  expect(await statusLine(socket)).toBe("HTTP/1.1 200 OK");
  socket.destroy();
  const unknown = raw(port, "/nothing");
  expect(await statusLine(unknown)).toBe("HTTP/1.1 404 Not Found");
  unknown.destroy();
});

test("a refusal is a whole reply, and the connection ends with it", async () => {
  const { port } = await serve(handlerOf({ auth: () => Promise.reject(new Error("down")) }));
  const reply = await text(raw(port, path, ["X-Request-Id: trace-1"]));
  expect(reply).toMatch(/^HTTP\/1\.1 503 /);
  expect(reply).toMatch(/^x-request-id: trace-1\r$/m);
  expect(reply).toMatch(/^Connection: close\r$/m);
  expect(reply).toContain('"code":"auth_unavailable"');
});

test("a handshake that is none gets a 400", async () => {
  const { port } = await serve();
  expect(await text(raw(port, path, ["Sec-WebSocket-Protocol: ,,"]))).toMatch(/^HTTP\/1\.1 400 /);
  expect(await text(raw(port, path, ["Sec-WebSocket-Key: short"]))).toMatch(/^HTTP\/1\.1 400 /);
});

test("a target in absolute form, a query and a trailing slash are the same place", async () => {
  const { port } = await serve();
  for (const target of [`http://any.example${path}`, `${path}?x=1`, `${path}/`, `${path}/?x=1`]) {
    const socket = raw(port, target);
    expect(await statusLine(socket)).toBe("HTTP/1.1 101 Switching Protocols");
    socket.destroy();
  }
});

test("a client that goes while it is asked who it is, and one that sends its upgrade behind another request, break nothing", async () => {
  const asked = Promise.withResolvers<void>();
  const known = Promise.withResolvers<void>();
  const { port, server } = await serve(
    handlerOf({
      auth: async ({ kind }) => {
        if (kind === "ws") asked.resolve();
        await known.promise;
        return { id: "ada" };
      },
    }),
  );
  const gone = raw(port);
  const [connection] = (await once(server, "connection")) as [Socket];
  await asked.promise;
  const closed = new Promise((resolve) => connection.on("close", resolve));
  gone.resetAndDestroy();
  await closed;
  const behind = raw(port, path, [], "GET /sessions HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(behind, "close");
  known.resolve();
  const another = await open(port);
  expect(another.readyState).toBe(WebSocket.OPEN);
  another.terminate();
});

test("several mounts on one server, with parameters in their prefix", async () => {
  const engine = createChatEngine({ backend: scriptedBackend(says("Hello there")) });
  const handlers = ["/one", "/shops/a b"].map((prefix) =>
    listener(createHandler(engine, { auth: () => ({ id: prefix }) }), { prefix: encodeURI(prefix) }),
  );
  const server = createServer((incoming, outgoing) => {
    handlers[incoming.url?.startsWith("/one") ? 0 : 1]?.(incoming, outgoing);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const detach = [attach(server, { path: "/one" }), attach(server, { path: "/shops/:shop" })];
  const sockets = [await open(port, `/one${path}`), await open(port, `/shops/a%20b${path}`)];
  const nowhere = raw(port, `/shops/a/b${path}`);
  expect(await statusLine(nowhere)).toBe("HTTP/1.1 404 Not Found");
  nowhere.destroy();
  const ended = Promise.all(sockets.map((socket) => once(socket, "close")));
  for (const end of detach) end();
  expect((await ended).map(([code]) => code)).toEqual([1001, 1001]);
  server.close();
  await once(server, "close");
});

test("a reader that takes nothing costs at most 256 KB here", async () => {
  const read = { type: "text" as const, text: "x".repeat(8_000) };
  const backend = scriptedBackend([...Array.from({ length: 4_000 }, () => read), ...says("")]);
  const engine = createChatEngine({ backend, maxAnswerCharacters: 100_000_000 });
  const handler = createHandler<NodeIncoming>(engine, { auth: () => ({ id: "ada" }) });
  const { server, port } = await serve(handler);
  const connected = once(server, "connection") as Promise<[Socket]>;
  const webSocket = await open(port);
  const [connection] = await connected;
  webSocket.pause();
  webSocket.send(JSON.stringify({ message: "Hi", session_id: "s1" }));
  await (
    await backend.called()
  ).left;
  await (await engine.live({ owner: "ada", id: "s1" }))?.reply();
  // What it holds for this reader: written and not taken by the kernel.
  expect(connection.writableNeedDrain).toBe(true);
  expect(connection.writableLength).toBeLessThan(256 * 1024);
  webSocket.terminate();
});

test("nothing stays of sockets that have closed", async () => {
  const engine = createChatEngine({ backend: scriptedBackend(says("Hello there")) });
  const { server, port } = await serve(createHandler(engine, { auth: () => ({ id: "ada" }) }));
  const listeners = () => [getEventListeners(engine.closing, "abort").length, server.listenerCount("upgrade")];
  const before = listeners();
  for (let cycle = 0; cycle < 20; cycle += 1) {
    const connected = once(server, "connection") as Promise<[Socket]>;
    const webSocket = await open(port);
    const closed = once((await connected)[0], "close");
    webSocket.send(JSON.stringify({ message: "Hi", session_id: "s1" }));
    await once(webSocket, "message");
    webSocket.terminate();
    await closed;
  }
  expect(listeners()).toEqual(before);
});

test("detaching closes the sockets, so that the server can close", async () => {
  const { port, server, detach } = await serve();
  const webSocket = await open(port);
  detach();
  const [code, reason] = (await once(webSocket, "close")) as [number, Buffer];
  expect([code, String(reason)]).toEqual([1001, "The server is shutting down. Connect again in a moment."]);
  server.close();
  await once(server, "close");
});
