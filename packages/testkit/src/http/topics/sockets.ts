import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { says } from "@parlor/core/testing";
import { expectProblem, expectRefusal } from "../expect.ts";
import { collect, textOf } from "../server-events.ts";
import { contentOf, type Frame } from "../socket.ts";
import { check, type HttpCase, type HttpTopic, type Setting } from "../suite.ts";

const hi = { message: "Hi", session_id: "s1" };
const stop = { type: "stop", session_id: "s1" };
const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";

export function socketCheck(name: string, run: HttpCase["run"], setting: Setting = {}): HttpCase {
  return check(name, run, { ...setting, needs: ["websocket", ...(setting.needs ?? [])] });
}

/** What of a frame does not differ from one reading to the next. */
export const essence = (frames: readonly Frame[]) =>
  frames.map((frame) => Object.fromEntries(Object.entries(frame).filter(([name]) => name !== "timestamp")));

export const sockets: HttpTopic = {
  name: "turns over WebSocket",
  cases: [
    socketCheck("streams a turn, and the next one on the same socket", async ({ socket, ask, backend }) => {
      const client = await socket();
      client.send({ ...hi, unknown: true });
      const first = await client.turn();
      client.send({ ...hi, message: "And now?" });
      const second = await client.turn();
      const { body } = await ask("GET", "/api/v1/sessions/s1");
      const { messages } = body as { messages: { id: string; content: string }[] };
      const chunk = { type: "chunk", session_id: "s1" };
      for (const [frames, message] of [
        [first, messages[1]],
        [second, messages[3]],
      ] as const) {
        const turn = frames[0]?.id?.split(":")[0];
        const ids = { ...chunk, message_id: message?.id };
        assert.deepEqual(essence(frames), [
          { ...ids, content: "Hello", chunk_id: 0, is_final: false, id: `${turn}:1` },
          { ...ids, content: " there,", chunk_id: 1, is_final: false, id: `${turn}:2` },
          { ...ids, content: " friend", chunk_id: 2, is_final: false, id: `${turn}:3` },
          { ...ids, content: "", chunk_id: 3, is_final: true, id: `${turn}:3` },
        ]);
        for (const { timestamp } of frames) assert.match(timestamp ?? "", /^\d{4}-\d\d-\d\dT.*Z$/);
        assert.equal(message?.content, "Hello there, friend");
      }
      assert.equal(backend.calls.length, 2);
    }),
    socketCheck("settings and system_prompt are of one turn, and null is absent", async ({ socket, backend }) => {
      const client = await socket();
      client.send({ ...hi, system_prompt: "Be brief.", temperature: 0, max_tokens: 7 });
      await client.turn();
      client.send({ ...hi, system_prompt: null, temperature: null, max_tokens: "" });
      await client.turn();
      const [first, second] = backend.calls.map((call) => call.request);
      assert.equal(first?.settings.temperature, 0);
      assert.equal(first.settings.maxTokens, 7);
      assert.deepEqual(first.messages[0]?.parts, [{ type: "text", text: "Be brief." }]);
      assert.equal(second?.messages[0]?.role, "user");
      assert.equal(second.settings.temperature, 0.7);
    }),
    socketCheck(
      "turns of several sessions at once, those of one session in their order",
      async ({ socket, backend, release, ask }) => {
        const client = await socket();
        for (const [session_id, message] of [
          ["s1", "one"],
          ["s1", "two"],
          ["s2", "three"],
        ]) {
          client.send({ session_id, message });
        }
        const [first, other] = [await client.next(), await client.next()];
        assert.deepEqual(new Set([first.session_id, other.session_id]), new Set(["s1", "s2"]));
        assert.equal(backend.calls.length, 2);
        release();
        const frames: Frame[] = [first, other];
        while (frames.filter((frame) => frame.is_final).length < 3) frames.push(await client.next());
        const of = (session: string) => frames.filter((frame) => frame.session_id === session);
        assert.equal(contentOf(of("s1")), "Well, yesWell, yes");
        assert.equal(contentOf(of("s2")), "Well, yes");
        const { body } = await ask("GET", "/history/s1");
        const { messages } = body as { messages: { content: string }[] };
        assert.deepEqual(
          messages.map(({ content }) => content),
          ["one", "Well, yes", "two", "Well, yes"],
        );
      },
      { model: (gate) => [{ type: "text", text: "Well," }, { wait: gate }, ...says(" yes")] },
    ),
    socketCheck(
      "stop keeps what there is, and the turn ends like a complete one",
      async ({ socket, ask }) => {
        const client = await socket();
        client.send(stop);
        client.send(hi);
        assert.equal((await client.next()).content, "half an");
        client.send(stop);
        const rest = await client.turn();
        assert.deepEqual(
          rest.map(({ content, chunk_id, is_final }) => [content, chunk_id, is_final]),
          [["", 1, true]],
        );
        const { body } = await ask("GET", "/api/v1/sessions/s1");
        const answer = { content: "half an", metadata: { status: "interrupted" } };
        assert.partialDeepStrictEqual(body, { messages: [{}, answer] });
      },
      { model: [{ type: "text", text: "half an" }, { stall: true }] },
    ),
    socketCheck(
      "ping gets pong, whatever is wrong before it gets an error, and the socket stays open",
      async (site) => {
        const client = await site.socket();
        const errorOf = async (message: unknown) => {
          client.send(message);
          const { type, error = "", code, session_id } = await client.next();
          assert.equal(type, "error");
          return { error, code, session_id };
        };
        const missing = {
          error: "Message and session_id are required",
          code: "invalid_request",
          session_id: undefined,
        };
        for (const message of [{}, [], 1, null, "x", { message: "Hi" }, { message: "", session_id: "" }]) {
          assert.deepEqual(await errorOf(JSON.stringify(message)), missing);
        }
        assert.deepEqual(await errorOf({ session_id: "s1" }), { ...missing, session_id: "s1" });
        for (const [message, code] of [
          ["{", "invalid_json"],
          ["", "invalid_json"],
          ['{"message":"Hi","session_id":"s1","__proto__":{}}', "forbidden_key"],
          ["[".repeat(40) + "]".repeat(40), "too_deep"],
          [{ ...hi, message: 1 }, "invalid_request"],
          [{ ...hi, session_id: "../s1" }, "invalid_request"],
          [{ ...hi, temperature: 3 }, "invalid_request"],
          [{ ...hi, max_tokens: 1e9 }, "invalid_request"],
          [{ ...hi, message: "x".repeat(32_001) }, "invalid_request"],
          [{ ...stop, session_id: undefined }, "invalid_request"],
          [{ type: "resume", session_id: {} }, "invalid_request"],
        ] as const) {
          const { error, ...rest } = await errorOf(message);
          assert.ok(error);
          assert.equal(rest.code, code, JSON.stringify(message));
        }
        client.send({ type: "ping" });
        assert.deepEqual(await client.next(), { type: "pong" });
        client.send(hi);
        assert.equal(contentOf(await client.turn()), "Hello there, friend");
        assert.equal(site.backend.calls.length, 1);
      },
    ),
    socketCheck(
      "a turn that fails says why and which, also after its first words",
      async ({ socket }) => {
        const client = await socket();
        client.send(hi);
        const frames = await client.turn();
        const turn = frames[0]?.id?.split(":")[0];
        assert.equal(contentOf(frames), "Well");
        const failure = { error: "It went away.", code: "backend_unavailable", session_id: "s1" };
        assert.deepEqual(frames.at(-1), { type: "error", ...failure, id: `${turn}:2` });
        client.send({ type: "ping" });
        assert.equal((await client.next()).type, "pong");
      },
      { model: [{ type: "text", text: "Well" }, { fail: new ChatError("backend_unavailable", "It went away.") }] },
    ),
    socketCheck(
      "a turn that may not begin says why and which",
      async ({ socket, ask }) => {
        const client = await socket();
        client.send(hi);
        await client.next();
        client.send(hi);
        const refused = await client.next();
        assert.deepEqual([refused.type, refused.code, refused.session_id], ["error", "turn_in_progress", "s1"]);
        await ask("POST", "/api/v1/chat/stop", { body: { session_id: "s1" } });
        assert.equal((await client.next()).is_final, true);
      },
      { model: [{ type: "text", text: "Well" }, { stall: true }], engine: () => ({ busy: { policy: "reject" } }) },
    ),
    socketCheck(
      "P11: one turn, the same content by WebSocket, server-sent events, resumed, and from the history",
      async ({ socket, events, ask, release, backend }) => {
        const [one, two] = [await socket(), await socket()];
        one.send(hi);
        const first = await one.next();
        const [turn] = (first.id ?? "").split(":");
        two.send({ type: "resume", session_id: "s1" });
        const again = await two.next();
        const reading = events("GET", stream, { headers: { "last-event-id": `${turn}:0` } });
        const beginning = (await reading.next()).value;
        release();
        const overSocket = [first, ...(await one.turn())];
        assert.deepEqual(essence([again, ...(await two.turn())]), essence(overSocket));
        const overEvents = [...(beginning ? [beginning] : []), ...(await collect(reading))];
        assert.equal(textOf(overEvents), contentOf(overSocket));
        const { body } = await ask("GET", "/history/s1");
        assert.partialDeepStrictEqual(body, { messages: [{}, { content: contentOf(overSocket) }] });
        assert.equal(contentOf(overSocket), '\r\n\n{"type":"pong"}\u0000 ✓ and more');
        assert.equal(backend.calls.length, 1);
      },
      {
        model: (gate) => [
          { type: "text", text: '\r\n\n{"type":"pong"}\u0000' },
          { wait: gate },
          ...says(" ✓ and more"),
        ],
      },
    ),
    socketCheck(
      "who leaves does not stop the turn",
      async ({ socket, ask, backend, engine, release }) => {
        const client = await socket();
        client.send(hi);
        await client.next();
        const turn = await engine.live({ owner: "ada", id: "s1" });
        client.webSocket.terminate();
        await client.closed;
        release();
        await turn?.reply();
        assert.equal(backend.calls[0]?.signal.aborted, false);
        assert.partialDeepStrictEqual((await ask("GET", "/history/s1")).body, { messages: [{}, { content: "a b" }] });
      },
      { model: (gate) => [{ type: "text", text: "a" }, { wait: gate }, ...says(" b")] },
    ),
    socketCheck(
      "an idempotency_key gives one turn; the upgrade's own header gives none",
      async ({ socket, backend }) => {
        const client = await socket({ headers: { "idempotency-key": "k-0" } });
        client.send(hi);
        await client.turn();
        client.send({ ...hi, idempotency_key: "k-1" });
        const first = await client.turn();
        client.send({ ...hi, idempotency_key: "k-1" });
        assert.deepEqual(essence(await client.turn()), essence(first));
        client.send({ ...hi, message: "Ho", idempotency_key: "k-1" });
        assert.equal((await client.next()).code, "idempotency_mismatch");
        assert.equal(backend.calls.length, 2);
      },
    ),
    check("a request without an upgrade is told to bring one", async ({ ask }) => {
      const answer = await ask("GET", "/api/v1/chat/ws");
      expectProblem(answer, 426, "upgrade_required");
      assert.equal(answer.headers.get("upgrade"), "websocket");
      expectProblem(await ask("GET", "/api/v1/chat/ws", { as: null }), 401, "unauthorized");
      expectProblem(await ask("POST", "/api/v1/chat/ws", { body: {} }), 405, "method_not_allowed");
    }),
    socketCheck(
      "under a prefix, and nowhere else",
      async ({ socket, refusal, url }) => {
        const client = await socket();
        client.send(hi);
        assert.equal(contentOf(await client.turn()), "Hello there, friend");
        assert.equal((await refusal({ path: "/api/v1/chat/nothing" })).status, 404);
        assert.equal((await refusal({ path: `/..${new URL(url).pathname}x/api/v1/chat/ws` })).status, 404);
      },
      { host: { prefix: "/ai" } },
    ),
    socketCheck(
      "when the server shuts down: no new sockets, idle ones go at once, others when their turn has been read",
      async ({ socket, refusal, engine, release }) => {
        const [idle, busy] = [await socket(), await socket()];
        busy.send(hi);
        await busy.next();
        const closing = engine.close();
        assert.deepEqual(await idle.closed, {
          code: 1001,
          reason: "The server is shutting down. Connect again in a moment.",
        });
        const answer = await refusal();
        expectRefusal(answer, 503, "draining");
        assert.ok(answer.headers.get("retry-after"));
        busy.send({ ...hi, session_id: "s2" });
        assert.equal((await busy.next()).code, "draining");
        release();
        assert.equal(contentOf(await busy.turn()), " b");
        assert.equal((await busy.closed).code, 1001);
        await closing;
      },
      { model: (gate) => [{ type: "text", text: "a" }, { wait: gate }, ...says(" b")] },
    ),
  ],
};
