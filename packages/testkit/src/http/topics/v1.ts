import assert from "node:assert/strict";
import { says } from "@parlor/core/testing";
import { expectProblem, expectReply } from "../expect.ts";
import { chunksOf, collect } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";

const hi = { message: "Hi", session_id: "s1" };

export const v1: HttpTopic = {
  name: "v1",
  cases: [
    check("POST /chat answers", async ({ ask, backend }) => {
      const answer = await ask("POST", "/api/v1/chat", { body: { ...hi, unknown: true } });
      expectReply(answer, {
        message: "Hello there, friend",
        session_id: "s1",
        message_id: "id",
        model_name: "script-1",
        timestamp: "time",
        generation_time: "number",
        token_count: 3,
        finish_reason: "stop",
      });
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      assert.equal(backend.calls.length, 1);
    }),
    check(
      "POST /chat shows reasoning apart from the answer",
      async ({ ask }) => {
        const { body } = await ask("POST", "/api/v1/chat", { body: hi });
        assert.partialDeepStrictEqual(body, { message: "4", reasoning: "2 and 2" });
      },
      { model: [{ type: "reasoning", text: "2 and 2" }, ...says("4")] },
    ),
    check("system_prompt counts for one turn, settings reach the model", async ({ ask, backend }) => {
      const settings = { system_prompt: "Be brief.", temperature: 0, max_tokens: 7 };
      await ask("POST", "/api/v1/chat", { body: { ...hi, ...settings } });
      await ask("POST", "/api/v1/chat", { body: { ...hi, system_prompt: null, temperature: null } });
      const [first, second] = backend.calls.map((call) => call.request);
      assert.equal(first?.settings.temperature, 0);
      assert.equal(first.settings.maxTokens, 7);
      assert.deepEqual(first.messages[0]?.parts, [{ type: "text", text: "Be brief." }]);
      assert.deepEqual(
        second?.messages.map((message) => message.role),
        ["user", "assistant", "user"],
      );
      assert.equal(second.settings.temperature, 0.7);
    }),
    ...[
      {
        name: "GET /chat/stream",
        method: "GET",
        path: "/api/v1/chat/stream?message=Hi&session_id=s1",
        body: undefined,
      },
      { name: "POST /chat with stream", method: "POST", path: "/api/v1/chat", body: { ...hi, stream: true } },
    ].map(({ name, method, path, body }) =>
      check(`${name} streams`, async ({ ask, events }) => {
        const all = await collect(events(method, path, { body }));
        assert.deepEqual(
          all.map(({ event }) => event),
          ["chunk", "chunk", "chunk", "chunk", "done"],
        );
        const chunks = chunksOf(all);
        assert.deepEqual(
          chunks.map((chunk) => [chunk.content, chunk.chunk_id, chunk.is_final]),
          [
            ["Hello", 0, false],
            [" there,", 1, false],
            [" friend", 2, false],
            ["", 3, true],
          ],
        );
        assert.equal(all.at(-1)?.data, '{"message":"Stream completed"}');
        const { body: session } = await ask("GET", "/api/v1/sessions/s1");
        const { messages } = session as { messages: { id: string; content: string }[] };
        for (const chunk of chunks) {
          assert.deepEqual(Object.keys(chunk).sort(), [
            "chunk_id",
            "content",
            "is_final",
            "message_id",
            "session_id",
            "timestamp",
          ]);
          assert.equal(chunk.session_id, "s1");
          assert.equal(chunk.message_id, messages[1]?.id);
          assert.match(chunk.timestamp, /^\d{4}-.*Z$/);
        }
        assert.equal(messages[1]?.content, "Hello there, friend");
      }),
    ),
    check("GET /chat/stream reads its settings from the query", async ({ events, backend }) => {
      const query = "message=Hi&session_id=s1&system_prompt=Be+brief.&temperature=0.5&max_tokens=9";
      await collect(events("GET", `/api/v1/chat/stream?${query}`));
      const request = backend.calls[0]?.request;
      assert.equal(request?.settings.temperature, 0.5);
      assert.equal(request.settings.maxTokens, 9);
      assert.deepEqual(request.messages[0]?.parts, [{ type: "text", text: "Be brief." }]);
    }),
    check("GET /sessions lists one's sessions, newest first, by pages", async ({ ask, prefix, url }) => {
      for (const session_id of ["s1", "s2", "s3"]) {
        await ask("POST", "/api/v1/chat", { body: { message: "Hi", session_id } });
      }
      const row = { created_at: "time", updated_at: "time", message_count: 2, model_name: "script-1", is_active: true };
      const first = await ask("GET", "/api/v1/sessions?limit=2");
      expectReply(first, [
        { session_id: "s3", ...row },
        { session_id: "s2", ...row },
      ]);
      const next = /^<(.+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
      assert.ok(next.startsWith(`${prefix}/api/v1/sessions?`), next);
      const second = await ask("GET", new URL(next, url).href.slice(url.length));
      expectReply(second, [{ session_id: "s1", ...row }]);
      assert.equal(second.headers.get("link"), null);
    }),
    check("GET /sessions/{id} shows the conversation, by pages", async ({ ask, url }) => {
      for (const message of ["one", "two"]) await ask("POST", "/api/v1/chat", { body: { message, session_id: "s1" } });
      const whole = await ask("GET", "/api/v1/sessions/s1");
      const metadata = {
        status: "complete",
        model_name: "script-1",
        token_count: 3,
        generation_time: "number",
        finish_reason: "stop",
      };
      const answered = { id: "id", role: "assistant", content: "Hello there, friend", timestamp: "time", metadata };
      const times = { created_at: "time", updated_at: "time" };
      expectReply(whole, {
        session_id: "s1",
        messages: [
          { id: "id", role: "user", content: "one", timestamp: "time" },
          answered,
          { id: "id", role: "user", content: "two", timestamp: "time" },
          answered,
        ],
        ...times,
        message_count: 4,
      });
      const last = await ask("GET", "/api/v1/sessions/s1?limit=1");
      assert.equal((last.body as { messages: unknown[] }).messages.length, 1);
      const next = /^<(.+)>; rel="next"$/.exec(last.headers.get("link") ?? "")?.[1] ?? "";
      const before = await ask("GET", new URL(next, url).href.slice(url.length));
      assert.partialDeepStrictEqual(before.body, { messages: [{ role: "user", content: "two" }] });
      expectProblem(await ask("GET", "/api/v1/sessions/s1?before=nothing"), 404, "not_found");
      expectProblem(await ask("GET", "/api/v1/sessions/other"), 404, "session_not_found");
    }),
    check("DELETE /sessions/{id} removes it", async ({ ask }) => {
      await ask("POST", "/api/v1/chat", { body: hi });
      expectReply(await ask("DELETE", "/api/v1/sessions/s1"), { message: "Session cleared successfully" });
      expectProblem(await ask("GET", "/api/v1/sessions/s1"), 404, "session_not_found");
      expectProblem(await ask("DELETE", "/api/v1/sessions/s1"), 404, "session_not_found");
    }),
    check("GET /model/info, without credentials", async ({ ask }) => {
      expectReply(await ask("GET", "/api/v1/model/info", { as: null }), {
        name: "script-1",
        type: "scripted",
        loaded: true,
        parameters: { temperature: 0.7, max_tokens: 1024, top_p: 1 },
        capabilities: ["streaming", "multi-turn"],
      });
    }),
    check("GET /status, without credentials", async ({ ask }) => {
      const status = { status: "ok", service: "chatbot-api", version: "0.0.0", timestamp: "time" };
      expectReply(await ask("GET", "/api/v1/status", { as: null }), status);
    }),
  ],
};
