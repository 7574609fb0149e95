import assert from "node:assert/strict";
import { says } from "@parlor/core/testing";
import { collect } from "../server-events.ts";
import { contentOf } from "../socket.ts";
import type { HttpTopic } from "../suite.ts";
import { essence, socketCheck } from "./sockets.ts";

const hi = { message: "Hi", session_id: "s1" };
const from = (id: string | undefined) => ({ type: "resume", session_id: "s1", last_event_id: id });

export const socketResuming: HttpTopic = {
  name: "resuming over WebSocket",
  cases: [
    socketCheck(
      "from every frame of an ended turn: what was missed, once, in order, to the end",
      async ({ socket, backend }) => {
        const client = await socket();
        client.send(hi);
        const all = await client.turn();
        const [turn] = (all[0]?.id ?? "").split(":");
        const again = await socket();
        again.send(from(`${turn}:0`));
        assert.deepEqual(essence(await again.turn()), essence(all));
        for (const [index, { id, is_final }] of all.entries()) {
          again.send(index % 2 === 0 ? from(id) : { type: "resume", session_id: "s1", after: id });
          // The empty last chunk has no place of its own: it comes again.
          assert.deepEqual(essence(await again.turn()), essence(all.slice(is_final ? index : index + 1)), id);
        }
        assert.equal(backend.calls.length, 1);
      },
      {
        model: [
          { type: "reasoning", text: "hm" },
          { type: "text", text: "a" },
          { type: "reasoning", text: "well" },
          { type: "text", text: "b" },
          { type: "finish", reason: "stop" },
        ],
      },
    ),
    socketCheck("the end is told again to who has had it by server-sent events", async ({ socket, events }) => {
      const all = await collect(events("GET", "/api/v1/chat/stream?message=Hi&session_id=s1"));
      assert.equal(all.at(-1)?.event, "done");
      const client = await socket();
      client.send(from(all.at(-1)?.id));
      const [last] = await client.turn();
      assert.deepEqual([last?.content, last?.chunk_id, last?.is_final], ["", 3, true]);
    }),
    socketCheck(
      "while it runs: catches up, then follows, on another socket too",
      async ({ socket, release }) => {
        const client = await socket();
        client.send(hi);
        const first = await client.next();
        client.webSocket.terminate();
        await client.closed;
        const again = await socket();
        again.send(from(first.id));
        assert.equal((await again.next()).content, " two");
        release();
        assert.equal(contentOf(await again.turn()), " three four");
      },
      {
        model: (gate) => [
          { type: "text", text: "one" },
          { type: "text", text: " two" },
          { wait: gate },
          ...says(" three four"),
        ],
      },
    ),
    socketCheck("fails loudly for a place that is not there, and starts nothing", async ({ socket, backend }) => {
      const client = await socket();
      client.send({ type: "resume", session_id: "s1" });
      assert.equal((await client.next()).code, "not_found");
      client.send(hi);
      const [turn] = ((await client.turn())[0]?.id ?? "").split(":");
      const codeOf = async (id: string) => {
        client.send(from(id));
        return (await client.next()).code;
      };
      for (const id of [`${turn}:99`, `${turn}:999999999999999`]) assert.equal(await codeOf(id), "cursor_expired");
      for (const id of ["nothing", `${turn}`, `${turn}:-1`, ":1", "0:0"]) assert.equal(await codeOf(id), "not_found");
      client.send({ ...from(`${turn}:0`), session_id: "s2" });
      assert.deepEqual(await client.next().then(({ code, session_id }) => [code, session_id]), ["not_found", "s2"]);
      assert.equal(backend.calls.length, 1);
    }),
  ],
};
