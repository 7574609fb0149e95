import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { says } from "@parlor/core/testing";
import { expectProblem, expectReply } from "../expect.ts";
import { check, type HttpTopic } from "../suite.ts";

const hi = { message: "Hi", session_id: "s1" };

export const simple: HttpTopic = {
  name: "simple",
  cases: [
    check("POST /chat answers", async ({ ask }) => {
      const reply = {
        response: "Hello there, friend",
        session_id: "s1",
        timestamp: "time",
        turn_count: 1,
        llm_provider: "scripted",
        model: "script-1",
        user_id: "Ada Lovelace",
        message_id: "id",
      };
      expectReply(await ask("POST", "/chat", { body: hi }), reply);
      expectReply(await ask("POST", "/chat/", { body: hi }), { ...reply, turn_count: 2 });
      expectReply(await ask("POST", "/chat", { as: "eve", body: hi }), { ...reply, user_id: "eve" });
    }),
    check("system_prompt is taken when the session is made, and kept", async ({ ask, backend }) => {
      await ask("POST", "/chat", { body: { ...hi, system_prompt: "Be kind." } });
      await ask("POST", "/chat", { body: { ...hi, system_prompt: "Be rude." } });
      await ask("POST", "/chat", { body: hi });
      for (const { request } of backend.calls) {
        assert.deepEqual(request.messages[0]?.parts, [{ type: "text", text: "Be kind." }]);
      }
    }),
    check("POST /chat-stream sends the text and nothing else", async ({ ask }) => {
      const answer = await ask("POST", "/chat-stream", { body: hi });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "text/plain; charset=utf-8");
      assert.equal(answer.headers.get("cache-control"), "no-cache, no-transform");
      assert.equal(answer.headers.get("x-accel-buffering"), "no");
      assert.equal(answer.headers.get("x-process-time"), null);
      assert.equal(answer.text, "Hello there, friend");
    }),
    check(
      "POST /chat-stream ends a failure with a line that says so",
      async ({ ask }) => {
        const { status, text } = await ask("POST", "/chat-stream", { body: hi });
        assert.equal(status, 200);
        assert.equal(text, "Well\nError: The model went away.");
      },
      {
        model: [{ type: "text", text: "Well" }, { fail: new ChatError("backend_unavailable", "The model went away.") }],
      },
    ),
    check(
      "POST /chat-stream keeps a character whole that comes in halves",
      async ({ ask }) => {
        const { text } = await ask("POST", "/chat-stream", { body: hi });
        assert.equal(text, "a \u{1f600} b \ufffd");
      },
      {
        model: [
          { type: "text", text: "a \ud83d" },
          { type: "text", text: "\ude00 b" },
          { type: "text", text: " \ud83d" },
          ...says(""),
        ],
      },
    ),
    check("GET /history shows what was said", async ({ ask }) => {
      expectProblem(await ask("GET", "/history/s1"), 404, "session_not_found");
      await ask("POST", "/chat", { body: hi });
      expectReply(await ask("GET", "/history/s1"), {
        session_id: "s1",
        messages: [
          { role: "user", content: "Hi" },
          { role: "assistant", content: "Hello there, friend" },
        ],
        turn_count: 1,
      });
    }),
    check("GET /history says `Session not found`", async ({ ask }) => {
      const problem = expectProblem(await ask("GET", "/history/s1"), 404, "session_not_found");
      assert.equal(problem["detail"], "Session not found");
    }),
    check(
      "GET /history leaves out an answer that failed without a word",
      async ({ ask }) => {
        expectProblem(await ask("POST", "/chat", { body: hi }), 502, "backend_unavailable");
        const { body } = await ask("GET", "/history/s1");
        assert.deepEqual((body as { messages: unknown }).messages, [{ role: "user", content: "Hi" }]);
      },
      { model: [{ fail: new ChatError("backend_unavailable", "The model went away.") }] },
    ),
    check("DELETE /history removes the session", async ({ ask }) => {
      await ask("POST", "/chat", { body: hi });
      expectReply(await ask("DELETE", "/history/s1"), { status: "cleared", session_id: "s1" });
      expectReply(await ask("DELETE", "/history/s1"), { status: "not_found", session_id: "s1" });
      assert.equal((await ask("GET", "/history/s1")).status, 404);
    }),
    check("GET /sessions lists by pages", async ({ ask }) => {
      for (const session_id of ["s1", "s2", "s3"]) await ask("POST", "/chat", { body: { ...hi, session_id } });
      const first = await ask("GET", "/sessions?limit=2");
      const { sessions, next_cursor } = first.body as { sessions: unknown; next_cursor: string };
      assert.partialDeepStrictEqual(sessions, [
        { session_id: "s3", turns: 1 },
        { session_id: "s2", turns: 1 },
      ]);
      const second = await ask("GET", `/sessions?limit=2&cursor=${encodeURIComponent(next_cursor)}`);
      expectReply(second, { sessions: [{ session_id: "s1", turns: 1, created_at: "time" }] });
    }),
    check("POST /reset empties the session and keeps it", async ({ ask }) => {
      await ask("POST", "/chat", { body: { ...hi, system_prompt: "Be kind." } });
      await ask("POST", "/chat", { body: hi });
      expectReply(await ask("POST", "/reset/s1"), { status: "reset", session_id: "s1", previous_turns: 2 });
      expectReply(await ask("GET", "/history/s1"), { session_id: "s1", messages: [], turn_count: 0 });
      expectReply(await ask("POST", "/reset/other"), { status: "not_found", session_id: "other" });
    }),
    check("GET /stats counts one's own, and everybody's for an admin", async ({ ask }) => {
      expectReply(await ask("GET", "/stats"), { total_sessions: 0, total_messages: 0, avg_messages_per_session: 0 });
      await ask("POST", "/chat", { body: hi });
      await ask("POST", "/chat", { body: hi });
      await ask("POST", "/chat", { as: "eve", body: hi });
      const own = { total_sessions: 1, total_messages: 4, avg_messages_per_session: 4 };
      expectReply(await ask("GET", "/stats"), own);
      const all = { total_sessions: 2, total_messages: 6, avg_messages_per_session: 3 };
      expectReply(await ask("GET", "/stats", { as: "root" }), all);
    }),
    check("DELETE /chat/sessions says what it did", async ({ ask }) => {
      await ask("POST", "/chat", { body: hi });
      expectReply(await ask("DELETE", "/chat/sessions/s1"), { message: "Session s1 cleared successfully" });
      expectReply(await ask("DELETE", "/chat/sessions/s1"), { message: "Session s1 not found" });
    }),
    check("GET /chat/memory/stats is for admins", async ({ ask }) => {
      const { status, body } = await ask("GET", "/chat/memory/stats", { as: "root" });
      assert.equal(status, 200);
      const stats = (body as { memory_stats: object }).memory_stats;
      assert.deepEqual(Object.keys(stats), ["current_size", "max_size", "ttl_seconds"]);
      expectProblem(await ask("GET", "/chat/memory/stats"), 403, "forbidden");
      expectProblem(await ask("GET", "/chat/memory/stats", { as: null }), 401, "unauthorized");
    }),
    check(
      "any text goes through unchanged",
      async ({ ask }) => {
        const message = 'a\u0000b "\\ \r\n\u2028 \u{1f600} é';
        const { body } = await ask("POST", "/chat", { body: { ...hi, message } });
        assert.equal((body as { response: string }).response, 'x\u0000\r\n\n"\u2028\u{1f600}');
        const history = await ask("GET", "/history/s1");
        assert.partialDeepStrictEqual(history.body, { messages: [{ role: "user", content: message }] });
      },
      { model: [{ type: "text", text: 'x\u0000\r\n\n"\u2028\u{1f600}' }, ...says("")] },
    ),
  ],
};
