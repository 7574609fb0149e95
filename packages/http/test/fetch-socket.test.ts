import { expect, test, vi } from "vitest";
import { listenTo, type StandardWebSocket, toFetch, webSocketListeners } from "../src/fetch/index.ts";
import type { HttpReply, Socket } from "../src/index.ts";
import { world } from "./world.ts";

/** A socket of a runtime, and what Parlor has been told of it. */
function scene(own: object = { bufferedAmount: 0 }) {
  const told: string[] = [];
  const did: string[] = [];
  const seen: { socket?: Socket } = {};
  const reply: HttpReply = {
    status: 101,
    headers: {},
    body: undefined,
    socket: {
      messageBytes: 10,
      open(socket) {
        seen.socket = socket;
        told.push("open");
        return {
          onMessage: (text) => void told.push(`message ${text}`),
          onPong: () => void told.push("pong"),
          onDrain: () => void told.push("drain"),
          onClose: () => void told.push("close"),
        };
      },
    },
  };
  const webSocket = Object.assign(own, {
    send: (text: string) => void did.push(text),
    close: (code?: number, reason?: string) => void did.push(`close ${code} ${reason}`),
  });
  return { told, did, seen, reply, webSocket, listeners: webSocketListeners(reply) };
}

test("messages, and the end once, however often it is told", () => {
  const { listeners, webSocket, told } = scene();
  listeners.onOpen(undefined, webSocket);
  listeners.onMessage({ data: "hi" }, webSocket);
  listeners.onMessage({ data: new ArrayBuffer(2) }, webSocket);
  listeners.onError();
  listeners.onClose();
  listeners.onMessage({ data: "late" }, webSocket);
  expect(told).toEqual(["open", "message hi", "message undefined", "close"]);
});

test("where nobody says that it is open, the first message does; one that ends before was never open", () => {
  const { listeners, webSocket, told } = scene();
  listeners.onMessage({ data: "hi" }, webSocket);
  expect(told).toEqual(["open", "message hi"]);
  const unused = scene();
  unused.listeners.onClose();
  expect(unused.told).toEqual([]);
});

test("a message over the limit closes, counted in UTF-8", () => {
  const { listeners, webSocket, told, did } = scene();
  listeners.onOpen(undefined, webSocket);
  for (const data of ["1234567890", "ééééé", "éééééé", "12345678901"]) listeners.onMessage({ data }, webSocket);
  expect(told.slice(1)).toEqual(["message 1234567890", "message ééééé"]);
  expect(did).toEqual([
    "close 1009 A message may have at most 10 bytes.",
    "close 1009 A message may have at most 10 bytes.",
  ]);
});

test("codes that a standard socket refuses go up into those of applications", () => {
  const { listeners, webSocket, seen, did } = scene();
  const close = webSocket.close;
  webSocket.close = (code, reason) => {
    if (code !== undefined && code < 3_000) throw new DOMException("no", "InvalidAccessError");
    close(code, reason);
  };
  listeners.onOpen(undefined, webSocket);
  seen.socket?.close(1008, "Too many.");
  seen.socket?.close(4401, "Who?");
  expect(did).toEqual(["close 4008 Too many.", "close 4401 Who?"]);
});

test.each([
  ["the standard's", (amount: number) => ({ bufferedAmount: amount })],
  ["one behind it", (amount: number) => ({ raw: { bufferedAmount: amount } })],
  ["Bun's", (amount: number) => ({ raw: { getBufferedAmount: () => amount } })],
])("a reader that is behind is waited for, by %s measure", (_, measure) => {
  vi.useFakeTimers();
  const { listeners, webSocket, seen, told } = scene(measure(0));
  listeners.onOpen(undefined, webSocket);
  expect(seen.socket?.send(["a"])).toBe(true);
  Object.assign(webSocket, measure(100_000));
  expect(seen.socket?.send(["b", "c"])).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual(["open"]);
  Object.assign(webSocket, measure(0));
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual(["open", "drain"]);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("one that measures nothing is never behind; one that has closed takes nothing", () => {
  const { listeners, webSocket, seen } = scene({});
  listeners.onOpen(undefined, webSocket);
  expect(seen.socket?.send(["a"])).toBe(true);
  webSocket.send = () => {
    throw new DOMException("closed", "InvalidStateError");
  };
  expect(seen.socket?.send(["b"])).toBe(false);
});

test("cutting tells the end at once, and uses what the runtime has for it", () => {
  const terminate = vi.fn<() => void>();
  const bun = scene({ raw: { terminate } });
  bun.listeners.onOpen(undefined, bun.webSocket);
  bun.seen.socket?.abort();
  expect(terminate).toHaveBeenCalledOnce();
  expect(bun.told).toEqual(["open", "close"]);
  const standard = scene();
  standard.listeners.onOpen(undefined, standard.webSocket);
  standard.seen.socket?.abort();
  standard.listeners.onClose();
  expect(standard.did).toEqual(["close undefined undefined"]);
  expect(standard.told).toEqual(["open", "close"]);
});

test("a socket that is still opening is waited for", () => {
  const { reply, told } = scene();
  const target = new EventTarget();
  const webSocket = Object.assign(target, {
    readyState: 0,
    bufferedAmount: 0,
    send() {},
    close() {},
  }) as unknown as StandardWebSocket;
  listenTo(webSocket, reply);
  expect(told).toEqual([]);
  target.dispatchEvent(new Event("open"));
  target.dispatchEvent(new MessageEvent("message", { data: "hi" }));
  target.dispatchEvent(new Event("close"));
  expect(told).toEqual(["open", "message hi", "close"]);
});

test("without an upgradeWebSocket an upgrade is a request, and is told what is missing", async () => {
  const { handler } = world({ auth: () => ({ id: "ada" }) });
  const request = new Request("http://localhost/api/v1/chat/ws", { headers: { upgrade: "websocket" } });
  const response = await toFetch(handler)(request);
  expect(response.status).toBe(426);
  expect(await response.json()).toMatchObject({ code: "upgrade_required" });
});
