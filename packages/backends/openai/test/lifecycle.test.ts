import { getEventListeners, once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { failure, text, type FakeReply } from "@parlor/testkit/openai";
import { openai } from "@parlor/openai";
import type { ErrorCode } from "@parlor/core";
import { ask, backendOf, cleanUp, pair, says } from "./support.ts";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const request = { messages: [says("Hi")], settings: {} };
const stalled: FakeReply = { steps: text("a", "b"), wire: { cut: { at: 600, how: "stall" } } };

describe("an abort", () => {
  it("in the middle closes the connection, ends quietly and leaves nothing", async () => {
    const { fake, backend } = await pair({ reply: stalled });
    const stop = new AbortController();
    const turn = backend.generate(request, stop.signal)[Symbol.asyncIterator]();
    expect((await turn.next()).value).toEqual([{ type: "text", text: "a" }]);
    const next = turn.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await (await fake.request(0)).closed).toBe("aborted");
    await fake.quiet();
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  it("before the answer closes the connection too", async () => {
    const { fake, backend } = await pair({ reply: { delayMs: 60_000 } }, { retries: 2 });
    const stop = new AbortController();
    const asked = ask(backend, "Hi", {}, stop.signal);
    const { closed } = await fake.request(0);
    stop.abort();
    expect(await asked).toMatchObject({ events: [], error: undefined });
    expect(await closed).toBe("aborted");
    expect(fake.requests).toHaveLength(1);
  });

  it("before the call asks nobody", async () => {
    const { fake, backend } = await pair();
    expect(await ask(backend, "Hi", {}, AbortSignal.abort())).toMatchObject({ events: [], error: undefined });
    expect(fake.connections.opened).toBe(0);
  });

  it("while a batch is being read is the last of it", async () => {
    const { fake, backend } = await pair({ reply: { steps: text("a", "b"), wire: { perWrite: 1 } } });
    const stop = new AbortController();
    for await (const batch of backend.generate(request, stop.signal)) {
      expect(batch).toHaveLength(1);
      stop.abort();
    }
    expect(await (await fake.request(0)).closed).toBe("aborted");
  });
});

describe("a reader", () => {
  it("that leaves early closes the connection", async () => {
    const { fake, backend } = await pair({ reply: stalled });
    const { signal } = new AbortController();
    for await (const batch of backend.generate(request, signal)) {
      expect(batch).toEqual([{ type: "text", text: "a" }]);
      break;
    }
    expect(await (await fake.request(0)).closed).toBe("aborted");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("that is slow holds the network up, and loses nothing", async () => {
    const piece = "x".repeat(10_000);
    const { backend } = await pair({
      reply: { steps: text(...Array<string>(500).fill(piece)), wire: { perWrite: 1 } },
    });
    let length = 0;
    for await (const batch of backend.generate(request, new AbortController().signal)) {
      await new Promise(setImmediate);
      for (const event of batch) if (event.type === "text") length += event.text.length;
    }
    expect(length).toBe(5_000_000);
  });
});

describe("connections", () => {
  it("are used again, also when the end of the body comes after [DONE]", async () => {
    const { fake, backend } = await pair({ reply: { steps: text("a"), wire: { perWrite: 1 } } });
    for (let call = 0; call < 5; call++) {
      const outcome = await ask(backend);
      expect(outcome.error).toBeUndefined();
      await fake.requests[call]?.closed;
      await new Promise(setImmediate);
    }
    expect(fake.connections.opened).toBe(1);
    await backend.close();
    await fake.quiet();
  });

  it("leave no listener on a signal that lives on", async () => {
    const { backend } = await pair();
    const { signal } = new AbortController();
    for (let call = 0; call < 3; call++) await ask(backend, "Hi", {}, signal);
    await new Promise(setImmediate);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("that the server closed while they were idle are made anew, without a retry", async () => {
    const sockets: Socket[] = [];
    const record = JSON.stringify({ choices: [{ delta: { content: "a" }, finish_reason: "stop" }] });
    const body = `data: ${record}\n\n`;
    const head = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n`;
    const server = createServer((socket) => {
      sockets.push(socket.on("error", () => {}));
      let calls = 0;
      socket.on("data", () => (calls++ === 0 ? socket.write(head + body) : socket.resetAndDestroy()));
    });
    const baseURL = `http://127.0.0.1:${await listen(server)}/v1`;
    const backend = openai({ model: "m", baseURL, retries: 0 });
    cleanUp(async () => {
      await backend.close();
      server.close();
    });
    expect((await ask(backend)).text).toBe("a");
    await new Promise(setImmediate);
    expect(await ask(backend)).toMatchObject({ text: "a", error: undefined });
    expect(sockets).toHaveLength(2);
  });

  it("that break within an answer are not made anew, nor is the call", async () => {
    const { fake, backend } = await pair({ reply: { steps: text("a", "b") } }, { retries: 2 });
    await ask(backend);
    await new Promise(setImmediate);
    fake.next({ steps: text("a", "b"), wire: { cut: { at: 600, how: "reset" } } });
    expect((await ask(backend)).error?.code).toBe("upstream_truncated");
    expect((await ask(backend)).text).toBe("ab");
    expect(fake.requests).toHaveLength(3);
    expect(fake.connections.opened).toBe(2);
  });

  it("that nobody answers are given up: TCP and TLS have `connectMs`", async () => {
    const silent = createServer((socket) => socket.on("error", () => {}).resume());
    const port = await listen(silent);
    const backend = openai({ model: "m", baseURL: `https://127.0.0.1:${port}/v1`, connectMs: 20, retries: 0 });
    expect((await ask(backend)).error).toMatchObject({
      code: "backend_unavailable",
      message: expect.stringContaining("ETIMEDOUT"),
    });
    silent.close();
    await once(silent, "close");
  });

  it("that are refused or closed without an answer make the service unavailable", async () => {
    const server = createServer((socket) => socket.destroy());
    const port = await listen(server);
    const backend = openai({ model: "m", baseURL: `http://127.0.0.1:${port}/v1`, retries: 0 });
    expect((await ask(backend)).error).toMatchObject({
      code: "backend_unavailable",
      message: expect.stringContaining("ECONNRESET"),
    });
    server.close();
    await once(server, "close");
    expect((await ask(backend)).error).toMatchObject({
      code: "backend_unavailable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    await backend.close();
  });

  it.each<[string, string, ErrorCode]>([
    ["from the start", "SSH-2.0-OpenSSH_9.6 MARK\r\n", "upstream_invalid"],
    ["later", `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n: hi\r\nMARK\r\n`, "upstream_truncated"],
  ])("that speak no HTTP %s make no sense", async (_, sent, code) => {
    const server = createServer((socket) => socket.on("error", () => {}).end(sent));
    const backend = openai({ model: "m", baseURL: `http://127.0.0.1:${await listen(server)}/v1`, retries: 0 });
    const { error } = await ask(backend);
    expect(error?.code).toBe(code);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("MARK");
    await backend.close();
    server.close();
  });
});

describe("closing", () => {
  it("cuts what runs, refuses what comes, and may be done twice", async () => {
    const { fake, backend } = await pair({ reply: stalled });
    const asked = ask(backend);
    const { closed } = await fake.request(0);
    await backend.close();
    await backend.close();
    expect((await asked).error).toBeDefined();
    expect(await closed).toBe("aborted");
    expect((await ask(backend)).error?.code).toBe("draining");
    await fake.quiet();
  });
});

describe("health", () => {
  it("is lost after three calls that met no service or refused credentials, and back with an answer", async () => {
    const { fake, backend } = await pair();
    const { signal } = new AbortController();
    fake.next(failure(401, {}), failure(500, {}), failure(401, {}), failure(403, {}));
    for (let call = 0; call < 3; call++) await ask(backend);
    expect(await backend.health(signal)).toEqual({ healthy: true });
    await ask(backend);
    expect(await backend.health(signal)).toMatchObject({ healthy: false, detail: expect.stringContaining("API key") });
    await ask(backend);
    expect(await backend.health(signal)).toEqual({ healthy: true });
    expect(fake.requests).toHaveLength(5);
  });

  it("does not suffer from aborts", async () => {
    const { fake, backend } = await pair({ reply: stalled });
    for (let call = 0; call < 3; call++) {
      const stop = new AbortController();
      const asked = ask(backend, "Hi", {}, stop.signal);
      await fake.request(call);
      stop.abort();
      await asked;
    }
    expect(await backend.health(new AbortController().signal)).toEqual({ healthy: true });
  });
});

describe("many calls at once", () => {
  it("do not mix", async () => {
    const { fake } = await pair({
      reply: (asked) => ({
        steps: text(...Array<string>(20).fill(`${asked.body?.messages?.[0]?.content as string} `)),
        wire: { perWrite: 3 },
      }),
    });
    const backend = backendOf(fake);
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, call) => ask(backend, `${call}`)));
    for (const [call, outcome] of outcomes.entries()) expect(outcome.text).toBe(`${call} `.repeat(20));
  });
});
