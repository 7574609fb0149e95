import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { Sink } from "../src/index.ts";
import { send } from "../src/node/respond.ts";

/** Chunks after a reply's first may go straight to the socket. A client must get what it gets by `response.write`. */

type Play = (sink: Sink, response: ServerResponse) => void;

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A server whose replies `play` streams; its port. */
async function serve(play: Play, prepare?: (response: ServerResponse) => void): Promise<number> {
  const server = createServer((_request, response) => {
    prepare?.(response);
    const body = (sink: Sink) => (play(sink, response), () => {});
    send({ status: 200, headers: { "content-type": "text/plain" }, body }, "GET", response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => (server.close(), server.closeAllConnections()));
  return (server.address() as AddressInfo).port;
}

/** Each text a write of its own, once the one before has gone out. */
const oneByOne =
  (texts: () => readonly string[]): Play =>
  (sink) => {
    const left = [...texts()];
    const next = () => {
      const text = left.shift();
      if (text === undefined) sink.end();
      else if (sink.write(text)) setImmediate(next);
    };
    sink.onDrain(next);
    next();
  };

/** What the server's socket is given to write after the reply's first write. */
function pieces(list: unknown[]): (response: ServerResponse) => void {
  return (response) => {
    const { socket } = response;
    const write = socket!.write.bind(socket) as (...args: unknown[]) => boolean;
    socket!.write = (...args: unknown[]) => (list.push(args[0]), write(...args));
  };
}

/** All bytes that come, read from `after` on; the date left out. */
async function read(
  port: number,
  request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  after?: Promise<void>,
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(request);
  await after;
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts)
    .toString("latin1")
    .replaceAll(/Date: .*\r\n/g, "");
}

test("the bytes are the same, whatever the text", async () => {
  let texts: readonly string[] = [];
  const port = await serve(oneByOne(() => texts));
  const plain = await serve((_sink, response) => {
    for (const text of texts) response.write(text);
    response.end();
  });
  const text = fc.oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.constantFrom("\ud800", "é", "\r\n", "0", "a".repeat(16), "x".repeat(70_000), "€".repeat(30_000)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), async (list) => {
      texts = list;
      expect(await read(port)).toBe(await read(plain));
    }),
    { numRuns: 50 },
  );
});

test("a chunk after the first is one piece for the socket", async () => {
  const written: unknown[] = [];
  await read(
    await serve(
      oneByOne(() => ["first", "second", "dritté"]),
      pieces(written),
    ),
  );
  expect(written.slice(-3)).toEqual(["6\r\nsecond\r\n", "7\r\ndritté\r\n", "0\r\n\r\n"]);
});

test("whoever wraps `write` sees every chunk", async () => {
  const seen: unknown[] = [];
  const port = await serve(
    oneByOne(() => ["first", "second"]),
    (response) => {
      const write = response.write.bind(response);
      response.write = (chunk: string) => (seen.push(chunk), write(chunk.toUpperCase(), "utf8"));
    },
  );
  expect(await read(port)).toContain("6\r\nSECOND\r\n");
  expect(seen).toEqual(["first", "second"]);
});

test("a client of HTTP/1.0 gets no chunks", async () => {
  const reply = await read(await serve(oneByOne(() => ["first", "second"])), "GET / HTTP/1.0\r\n\r\n");
  expect(reply).toMatch(/\r\n\r\nfirstsecond$/);
});

test("a stream that waits behind another on its connection waits with all its chunks", async () => {
  let replies = 0;
  const play: Play = (sink, response) => {
    const own = (replies += 1);
    if (own === 2) return oneByOne(() => ["c", "d"])(sink, response);
    // Goes on once the second reply has been written whole, into nothing yet.
    sink.write("a");
    const poll = () => (replies === 2 ? oneByOne(() => ["b"])(sink, response) : setImmediate(poll));
    poll();
  };
  const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const last = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const reply = await read(await serve(play), request + last);
  expect(reply.replaceAll(/HTTP[\s\S]*?\r\n\r\n/g, "|")).toBe(
    "|1\r\na\r\n1\r\nb\r\n0\r\n\r\n|1\r\nc\r\n1\r\nd\r\n0\r\n\r\n",
  );
});

test("a reader that is behind is waited for, and nothing goes past what waits", async () => {
  const texts = Array.from({ length: 200 }, (_, index) => `${index} `.padEnd(40_000, "."));
  const behind = Promise.withResolvers<void>();
  let most = 0;
  const port = await serve((sink, response) => {
    const watched = {
      abort() {},
      onDrain: (callback: () => void) => sink.onDrain(callback),
      end: () => sink.end(),
      write: (text: string) => {
        const flowing = sink.write(text);
        most = Math.max(most, response.writableLength);
        if (!flowing) behind.resolve();
        return flowing;
      },
    };
    oneByOne(() => texts)(watched, response);
  });
  const reply = await read(port, undefined, behind.promise);
  expect(reply.match(/\d+(?= \.)/g)).toEqual(texts.map((_, index) => String(index)));
  expect(most).toBeLessThan(200_000);
});
