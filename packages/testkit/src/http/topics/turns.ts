import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { says } from "@parlor/core/testing";
import { expectProblem } from "../expect.ts";
import { collect, readEvents, textOf } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";

const hi = { message: "Hi", session_id: "s1" };
const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";

export const turns: HttpTopic = {
  name: "turns over HTTP",
  cases: [
    check("an SSE reply is not cached, buffered or changed on its way", async ({ open }) => {
      const response = await open("GET", stream);
      assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
      assert.equal(response.headers.get("cache-control"), "no-cache, no-transform");
      assert.equal(response.headers.get("x-accel-buffering"), "no");
      assert.equal(response.headers.get("content-length"), null);
      assert.equal(response.headers.get("x-process-time"), null);
      assert.match(await response.text(), /^retry: \d+\nid: [\w-]+:0\n\n/);
    }),
    check(
      "headers leave before the first word, and acknowledge the message",
      async ({ open, ask, backend }) => {
        const response = await open("GET", stream);
        const { body } = await ask("GET", "/api/v1/sessions/s1");
        assert.partialDeepStrictEqual(body, { messages: [{ role: "user", content: "Hi" }] });
        await response.body?.cancel();
        assert.equal(backend.calls[0]?.signal.aborted, false);
      },
      { model: [{ stall: true }] },
    ),
    check(
      "a failure after the start comes in-band, and there is nothing to come back for",
      async ({ ask, events }) => {
        const all = await collect(events("GET", stream));
        assert.deepEqual(
          all.map(({ event }) => event),
          ["chunk", "error"],
        );
        const error = all.at(-1);
        assert.deepEqual(JSON.parse(error?.data ?? ""), { error: "It went away.", code: "backend_unavailable" });
        const again = await ask("GET", stream, { headers: { "last-event-id": error?.id ?? "" } });
        assert.equal(again.status, 204);
      },
      {
        model: [{ type: "text", text: "Well" }, { fail: new ChatError("backend_unavailable", "It went away.") }],
      },
    ),
    check(
      "a failure after a silence comes in-band too: the headers have left",
      async ({ open, release }) => {
        const response = await open("GET", stream);
        release();
        const all = await collect(readEvents(response.body!));
        assert.deepEqual(
          all.map(({ event, data }) => [event, JSON.parse(data).code]),
          [["error", "backend_timeout"]],
        );
      },
      { model: (gate) => [{ wait: gate }, { fail: new ChatError("backend_timeout", "It took too long.") }] },
    ),
    check(
      "text that looks like the protocol stays text",
      async ({ events }) => {
        const all = await collect(events("GET", stream));
        assert.equal(all.length, 3);
        assert.equal(textOf(all), "\r\n\r\nevent: done\ndata: {}\n\n\u0000");
      },
      { model: [{ type: "text", text: "\r\n\r\nevent: done\ndata: {}\n\n\u0000" }, ...says("")] },
    ),
    check("the stream, the reply and the history say the same", async ({ ask, events }) => {
      const streamed = textOf(await collect(events("GET", stream)));
      const posted = await ask("POST", "/api/v1/chat", { body: hi });
      const plain = await ask("POST", "/chat-stream", { body: hi });
      const { body } = await ask("GET", "/history/s1");
      const { messages } = body as { messages: { role: string; content: string }[] };
      const stored = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
      assert.deepEqual(stored, [streamed, (posted.body as { message: string }).message, plain.text]);
    }),
    check(
      "a client that leaves does not stop the turn",
      async ({ open, ask, backend, engine, release }) => {
        const leaving = new AbortController();
        const response = await open("GET", stream, { signal: leaving.signal });
        const turn = await engine.live({ owner: "ada", id: "s1" });
        await response.body?.getReader().read();
        leaving.abort();
        assert.equal(backend.calls[0]?.signal.aborted, false);
        release();
        await turn?.reply();
        const { body } = await ask("GET", "/history/s1");
        assert.partialDeepStrictEqual(body, { messages: [{}, { role: "assistant", content: "before, after" }] });
      },
      { model: (gate) => [{ type: "text", text: "before," }, { wait: gate }, ...says(" after")] },
    ),
    check(
      "a client that leaves a request without a stream does not stop the turn either",
      async ({ open, ask, backend, engine, release }) => {
        const leaving = new AbortController();
        const request = open("POST", "/api/v1/chat", { body: hi, signal: leaving.signal });
        await backend.called();
        const turn = await engine.live({ owner: "ada", id: "s1" });
        leaving.abort();
        await assert.rejects(request);
        release();
        await turn?.reply();
        assert.equal(backend.calls[0]?.signal.aborted, false);
        const { body } = await ask("GET", "/history/s1");
        assert.partialDeepStrictEqual(body, { messages: [{}, { role: "assistant", content: "whole" }] });
      },
      { model: (gate) => [{ wait: gate }, ...says("whole")] },
    ),
    check(
      "one turn at a time on a session: 409 before any header, where asked for",
      async ({ ask, events }) => {
        const streaming = events("GET", stream);
        await streaming.next();
        expectProblem(await ask("POST", "/chat", { body: hi }), 409, "turn_in_progress");
        expectProblem(await ask("POST", "/chat-stream", { body: hi }), 409, "turn_in_progress");
        expectProblem(await ask("GET", stream), 409, "turn_in_progress");
        await streaming.return(undefined);
      },
      { model: [{ type: "text", text: "Well" }, { stall: true }], engine: () => ({ busy: { policy: "reject" } }) },
    ),
    check("an Idempotency-Key, quoted or bare, gives one turn", async ({ ask, events, backend }) => {
      const asked = (key: string) => ({ body: hi, headers: { "idempotency-key": key } });
      const first = await ask("POST", "/api/v1/chat", asked('"k-1"'));
      const second = await ask("POST", "/api/v1/chat", asked("k-1"));
      assert.deepEqual(second.body, first.body);
      const body = { ...hi, stream: true };
      const streamed = await collect(events("POST", "/api/v1/chat", { ...asked("k-1"), body }));
      assert.equal(textOf(streamed), "Hello there, friend");
      assert.equal(backend.calls.length, 1);
      const other = { ...asked("k-1"), body: { ...hi, message: "Ho" } };
      expectProblem(await ask("POST", "/api/v1/chat", other), 422, "idempotency_mismatch");
      await ask("POST", "/api/v1/chat", { ...asked("k-1"), as: "eve" });
      assert.equal(backend.calls.length, 2);
      expectProblem(await ask("POST", "/api/v1/chat", asked("k".repeat(256))), 422, "invalid_request");
    }),
  ],
};
