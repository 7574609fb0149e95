import assert from "node:assert/strict";
import { once } from "node:events";
import type { BackendEvent } from "@parlor/core";
import { manualClock, says } from "@parlor/core/testing";
import { contentOf, type Frame, type SocketClient } from "../socket.ts";
import type { HttpTopic, Setting, Site } from "../suite.ts";
import { socketCheck } from "./sockets.ts";

const hi = { message: "Hi", session_id: "s1" };
const control: Setting = { needs: ["socket-control"] };

/** More than the buffers of both kernels and of Node hold together. */
const long: readonly BackendEvent[] = Array.from({ length: 400 }, (_, index) => ({
  type: "text",
  text: String(index).padEnd(64 * 1024, "."),
}));
const whole = long.map((event) => (event.type === "text" ? event.text : "")).join("");
const engine = () => ({ maxAnswerCharacters: 2 * whole.length, clock: manualClock() });

/** A reader that takes nothing, of a turn whose model has said it all. */
async function stuck({ socket, backend }: Site): Promise<SocketClient> {
  const client = await socket();
  client.webSocket.pause();
  client.send(hi);
  const { left } = await backend.called();
  await left;
  return client;
}

/** All that still comes until it closes. */
async function rest(client: SocketClient): Promise<Frame[]> {
  const frames: Frame[] = [];
  try {
    for (;;) frames.push(await client.next());
  } catch {
    return frames;
  }
}

export const socketAbuse: HttpTopic = {
  name: "WebSockets that are abused",
  cases: [
    socketCheck("the longest message goes through, with every character escaped", async ({ socket, backend }) => {
      const client = await socket();
      const escaped = String.raw`\u00e9`;
      client.send(
        `{"message":"${escaped.repeat(32_000)}","system_prompt":"${escaped.repeat(8_000)}","session_id":"${"s".repeat(128)}"}`,
      );
      await client.turn();
      const parts = backend.calls[0]?.request.messages.map((message) => message.parts);
      assert.deepEqual(parts, [
        [{ type: "text", text: "é".repeat(8_000) }],
        [{ type: "text", text: "é".repeat(32_000) }],
      ]);
    }),
    socketCheck(
      "T19: a message over the limit: 1009",
      async ({ socket, backend }) => {
        const padded = (bytes: number) =>
          JSON.stringify({ ...hi, padding: "" }).replace('""', `"${"é".repeat(bytes)}"`);
        const client = await socket();
        client.send(padded(400));
        await client.turn();
        client.send(padded(500));
        assert.equal((await client.closed).code, 1009);
        assert.equal(backend.calls.length, 1);
      },
      { options: { limits: { socketMessageBytes: 1_000 } } },
    ),
    socketCheck(
      "T19: a message in tiny fragments: 1008",
      async ({ socket }) => {
        const client = await socket();
        for (let fragment = 0; fragment < 20_000; fragment += 1) client.webSocket.send("x", { fin: false });
        assert.equal((await client.closed).code, 1008);
      },
      control,
    ),
    socketCheck("T19: a flood of messages: 1008, in a burst or steadily", async ({ socket, backend }) => {
      const burst = await socket();
      for (let sent = 0; sent < 200; sent += 1) burst.send({ type: "ping" });
      assert.equal((await burst.closed).code, 1008);
      const steady = await socket();
      for (let sent = 0; sent < 120; sent += 1) {
        steady.send({ type: "ping" });
        await steady.next();
      }
      steady.send(hi);
      assert.equal((await steady.closed).code, 1008);
      assert.equal(backend.calls.length, 0);
    }),
    socketCheck(
      "as many messages in 10 s as are configured",
      async ({ socket, engine: { clock } }) => {
        const client = await socket();
        for (let window = 0; window < 3; window += 1) {
          for (let sent = 0; sent < 3; sent += 1) client.send({ type: "ping" });
          for (let read = 0; read < 3; read += 1) assert.equal((await client.next()).type, "pong");
          (clock as ReturnType<typeof manualClock>).advance(10_000);
        }
        for (let sent = 0; sent < 4; sent += 1) client.send({ type: "ping" });
        assert.equal((await client.closed).code, 1008);
      },
      { options: { limits: { socketMessages: 3 } }, engine: () => ({ clock: manualClock() }) },
    ),
    socketCheck(
      "T19: turns at once have a limit, and can be stopped there",
      async ({ socket, backend, engine: chat }) => {
        const client = await socket();
        for (let turn = 0; turn < 17; turn += 1) client.send({ ...hi, session_id: `s${turn}` });
        const frames: Frame[] = [];
        while (frames.length < 17) frames.push(await client.next());
        assert.deepEqual(
          frames.filter(({ type }) => type === "error").map(({ code, session_id }) => [code, session_id]),
          [["too_many_turns", "s16"]],
        );
        client.send({ type: "stop", session_id: "s3" });
        assert.deepEqual(await client.next().then(({ session_id, is_final }) => [session_id, is_final]), ["s3", true]);
        client.send({ ...hi, session_id: "s16" });
        assert.equal((await client.next()).content, "Well");
        assert.equal(backend.calls.length, 17);
        await chat.close({ drainMs: 0 });
      },
      { model: [{ type: "text", text: "Well" }, { stall: true }] },
    ),
    socketCheck("what is not text: 1003", async ({ socket }) => {
      const client = await socket();
      client.webSocket.send(Buffer.from(JSON.stringify(hi)));
      assert.equal((await client.closed).code, 1003);
    }),
    socketCheck("what is not UTF-8: 1007", async ({ socket }) => {
      const client = await socket();
      client.webSocket.send(Buffer.from([0x22, 0xe9, 0x22]), { binary: false });
      assert.equal((await client.closed).code, 1007);
    }),
    socketCheck("P24: bytes that are no frames end this socket and nothing else", async ({ socket, ask }) => {
      for (const bytes of [
        [0xff, 0xff],
        [0x81, 0x05, 1, 2, 3, 4, 5],
        [0x88, 0x81, 0, 0, 0, 0, 1],
        [0xc1, 0x80, 0, 0, 0, 0],
      ]) {
        const client = await socket();
        const { _socket: connection } = client.webSocket as unknown as { _socket: NodeJS.WritableStream };
        connection.write(Buffer.from(bytes));
        assert.equal((await client.closed).code, 1002);
      }
      assert.equal((await ask("GET", "/status")).status, 200);
    }),
    socketCheck(
      "T19: who answers no pings is cut after two, who answers stays",
      async ({ socket, engine: { clock } }) => {
        const dead = await socket({ options: { autoPong: false } });
        const alive = await socket();
        for (let period = 0; period < 4; period += 1) {
          const pinged = [once(alive.webSocket, "ping"), ...(period < 2 ? [once(dead.webSocket, "ping")] : [])];
          (clock as ReturnType<typeof manualClock>).advance(15_000);
          await Promise.all(pinged);
          // Its pong has come when this has been answered.
          alive.send({ type: "ping" });
          await alive.next();
        }
        assert.equal((await dead.closed).code, 1006);
        assert.equal(alive.webSocket.readyState, alive.webSocket.OPEN);
      },
      { ...control, engine: () => ({ clock: manualClock() }) },
    ),
    socketCheck(
      "a slow reader gets everything in the end",
      async (site) => {
        const client = await stuck(site);
        client.webSocket.resume();
        assert.equal(contentOf(await client.turn()), whole);
      },
      { model: [...long, ...says("")], engine },
    ),
    socketCheck(
      "P13: a reader that takes nothing is cut after the stall time, slows nobody, and resumes without loss",
      async (site) => {
        const { engine: chat } = site;
        const [reader, other] = [await stuck(site), await site.socket()];
        await (await chat.live({ owner: "ada", id: "s1" }))?.reply();
        other.send({ type: "ping" });
        assert.equal((await other.next()).type, "pong");
        (chat.clock as ReturnType<typeof manualClock>).advance(30_000);
        // It finds out when it reads again.
        reader.webSocket.resume();
        const seen = await rest(reader);
        assert.ok(seen.length < long.length, "it was not cut");
        // A runtime's own socket may have no way to break off but to close.
        assert.ok([1005, 1006].includes((await reader.closed).code));
        other.send({ type: "resume", session_id: "s1", last_event_id: seen.at(-1)?.id });
        assert.equal(contentOf([...seen, ...(await other.turn())]), whole);
      },
      { model: [...long, ...says("")], engine },
    ),
    socketCheck(
      "T19: who reads nothing and asks on is not answered without end",
      async (site) => {
        const client = await stuck(site);
        for (let sent = 0; sent < 100; sent += 1) client.send({ type: "ping" });
        client.webSocket.resume();
        const frames = await rest(client);
        assert.deepEqual(
          frames.filter(({ type }) => type === "pong"),
          [],
        );
        assert.equal((await client.closed).code, 1008);
      },
      { model: [...long, ...says("")], engine },
    ),
  ],
};
