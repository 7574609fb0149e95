import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { begin, contents, read, row, say, seenBy } from "../conversation.ts";
import { expectProblem, expectReply, faultsOf } from "../expect.ts";
import { collect, type ServerEvent } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";

export const conversationTurns: HttpTopic = {
  name: "turns of conversations",
  cases: [
    check("POST messages streams tokens, and the first message is the title", async (site) => {
      const id = await begin(site);
      const path = `/api/conversations/${id}/messages`;
      const events = await collect(site.events("POST", path, say(`  Tell me\n more  ${"x".repeat(90)}`)));
      const { text, last, data } = seenBy(events);
      assert.equal(text, "Hello there, friend");
      assert.deepEqual(data.slice(0, 3), [{ token: "Hello" }, { token: " there," }, { token: " friend" }]);
      const { messages, title } = await read(site, id);
      assert.deepEqual(last, { done: true, message_id: messages[1]?.id });
      assert.equal(title, `Tell me more ${"x".repeat(67)}`);
      assert.equal(title.length, 80);
      await collect(site.events("POST", path, say("Another")));
      assert.equal((await read(site, id)).title, title);
      for (const { event } of events) assert.equal(event, "message");
    }),
    check(
      "shows reasoning, counts and times of an answer",
      async (site) => {
        const id = await begin(site);
        const { data } = seenBy(await collect(site.events("POST", `/api/conversations/${id}/messages`, say("Hi"))));
        assert.deepEqual(data[0], { reasoning: "hm" });
        const answer = await site.ask("GET", `/api/conversations/${id}`);
        const message = { id: "id", conversation_id: "id", created_at: "time", status: "complete" };
        const detail = { ...row, title: "Hi", message_count: 2 };
        const tokens = (answer.body as { messages: { token_count: number }[] }).messages[0]?.token_count;
        expectReply(answer, {
          ...detail,
          conversation: detail,
          messages: [
            { ...message, role: "user", content: "Hi", token_count: tokens, model_tag: null, inference_time_ms: null },
            {
              ...message,
              role: "assistant",
              content: "Well",
              token_count: 1,
              model_tag: "script-1",
              inference_time_ms: "number",
              reasoning: "hm",
            },
          ],
        });
      },
      { model: [{ type: "reasoning", text: "hm" }, ...says("Well")] },
    ),
    check(
      "a failure after the start is an error and then done",
      async (site) => {
        const id = await begin(site);
        const { data } = seenBy(await collect(site.events("POST", `/api/conversations/${id}/messages`, say("Hi"))));
        assert.deepEqual(data, [
          { token: "Well" },
          { error: "The model went away.", code: "backend_unavailable" },
          { done: true },
        ]);
      },
      {
        model: [{ type: "text", text: "Well" }, { fail: new ChatError("backend_unavailable", "The model went away.") }],
      },
    ),
    check("settings reach the model", async (site) => {
      const id = await begin(site, { system_prompt: "Be brief." });
      const body = { content: "Hi", temperature: 0, max_tokens: 7, top_k: 3, thinking_mode: true };
      await collect(site.events("POST", `/api/conversations/${id}/messages`, { body }));
      const { settings, messages } = site.backend.calls[0]?.request ?? {};
      assert.partialDeepStrictEqual(settings, { temperature: 0, maxTokens: 7, topK: 3, thinking: true });
      assert.deepEqual(messages?.[0]?.parts, [{ type: "text", text: "Be brief." }]);
      await collect(site.events("GET", `/api/conversations/${id}/stream?prompt=Hi&thinking=false`));
      assert.equal(site.backend.calls[1]?.request.settings.thinking, false);
    }),
    check("POST message answers, or stores what another role says", async (site) => {
      const id = await begin(site);
      const path = `/api/conversations/${id}/message`;
      const { body } = await site.ask("POST", `${path}?content=Hi`, { body: {} });
      const { reply, ...rest } = body as { readonly reply: { readonly content: string; readonly role: string } };
      assert.deepEqual(rest, { session_id: id, message: "Message added successfully" });
      assert.deepEqual([reply.role, reply.content], ["assistant", "Hello there, friend"]);
      const stored = await site.ask("POST", path, { body: { content: "Speak Latin.", role: "system" } });
      assert.deepEqual(stored.body, rest);
      await site.ask("POST", path, { body: { content: "Salve!", role: "assistant" } });
      assert.equal(site.backend.calls.length, 1);
      await site.ask("POST", path, { body: { content: "Quid agis?" } });
      const [system, ...others] = site.backend.calls[1]?.request.messages ?? [];
      assert.deepEqual(system?.parts, [{ type: "text", text: "Speak Latin." }]);
      assert.deepEqual(
        others.map(({ role }) => role),
        ["user", "assistant", "assistant", "user"],
      );
      assert.deepEqual(faultsOf(await site.ask("POST", path, { body: {} })), ["content"]);
    }),
    check(
      "the last answer can be had again, and stays if the new one fails",
      async (site) => {
        const id = await begin(site);
        const regenerate = `/api/conversations/${id}/regenerate`;
        const empty = expectProblem(await site.ask("POST", regenerate, { body: {} }), 400, "nothing_to_regenerate");
        assert.equal(empty["detail"], "conversation has no user messages to regenerate from");
        await collect(site.events("POST", `/api/conversations/${id}/messages`, say("Hi")));
        const failed = seenBy(await collect(site.events("POST", regenerate, { body: {} })));
        assert.deepEqual(failed.data.at(-2), { error: "No.", code: "backend_error" });
        assert.deepEqual(contents(await read(site, id)), [
          ["user", "Hi"],
          ["assistant", "answer 0"],
        ]);
        assert.equal(seenBy(await collect(site.events("POST", regenerate, { body: {} }))).text, "answer 2");
        assert.deepEqual(contents(await read(site, id)), [
          ["user", "Hi"],
          ["assistant", "answer 2"],
        ]);
        const versions = await read(site, id, "?versions=true");
        assert.deepEqual(
          versions.messages.map(({ content, status }) => [content, status]),
          [
            ["Hi", "complete"],
            ["answer 0", "superseded"],
            ["par", "superseded"],
            ["answer 2", "complete"],
          ],
        );
      },
      {
        engine: () => ({
          backend: scriptedBackend((_, call) =>
            call === 1
              ? [{ type: "text", text: "par" }, { fail: new ChatError("backend_error", "No.") }]
              : says(`answer ${call}`),
          ),
        }),
      },
    ),
    check("a message can be said anew: what followed it goes once the answer is complete", async (site) => {
      const id = await begin(site);
      const path = `/api/conversations/${id}/messages`;
      for (const content of ["one", "two"]) await collect(site.events("POST", path, say(content)));
      const { messages } = await read(site, id);
      await collect(site.events("POST", path, { body: { content: "ONE", edit_of: messages[0]?.id } }));
      assert.deepEqual(contents(await read(site, id)), [
        ["user", "ONE"],
        ["assistant", "Hello there, friend"],
      ]);
      expectProblem(await site.ask("POST", path, { body: { content: "x", edit_of: "no" } }), 404, "message_not_found");
    }),
    check("an edit and a new answer that are sent again with their Idempotency-Key are not had twice", async (site) => {
      const id = await begin(site);
      const path = `/api/conversations/${id}`;
      await collect(site.events("POST", `${path}/messages`, say("one")));
      const { messages } = await read(site, id);
      const edit = (key: string, content: string, edit_of = messages[0]?.id) => ({
        body: { content, edit_of },
        headers: { "idempotency-key": key },
      });
      const anew = { body: {}, headers: { "idempotency-key": "k2" } };
      for (const [at, asked] of [edit("k1", "ONE"), anew].entries()) {
        const to = at === 0 ? `${path}/messages` : `${path}/regenerate`;
        const first = await collect(site.events("POST", to, asked));
        assert.deepEqual(await collect(site.events("POST", to, asked)), first);
        assert.equal(site.backend.calls.length, at + 2);
      }
      for (const other of [edit("k1", "Uno"), edit("k1", "ONE", "another")])
        expectProblem(await site.ask("POST", `${path}/messages`, other), 422, "idempotency_mismatch");
    }),
    check(
      "a running turn is followed from its beginning, resumed from a place, and stopped",
      async (site) => {
        const id = await begin(site);
        const path = `/api/conversations/${id}`;
        assert.equal((await site.ask("GET", `${path}/stream`)).status, 204);
        const first = site.events("POST", `${path}/messages`, say("Hi"));
        const seen = [(await first.next()).value, (await first.next()).value] as ServerEvent[];
        await first.return(undefined);
        const whole = site.events("GET", `${path}/stream`);
        assert.deepEqual([(await whole.next()).value, (await whole.next()).value], seen);
        const place = { headers: { "last-event-id": seen[0]?.id ?? "" } };
        const rest = site.events("GET", `${path}/stream`, place);
        assert.deepEqual((await rest.next()).value, seen[1]);
        const posted = site.events("POST", `${path}/messages`, { ...place, ...say("Hi") });
        assert.deepEqual((await posted.next()).value, seen[1]);
        assert.deepEqual((await site.ask("POST", `${path}/stop`)).body, { stopped: true });
        for (const reader of [whole, rest, posted]) assert.equal(seenBy(await collect(reader)).last?.["done"], true);
        assert.deepEqual((await site.ask("POST", `${path}/stop`)).body, { stopped: false });
        assert.equal((await read(site, id)).messages[1]?.status, "interrupted");
        assert.equal(site.backend.calls.length, 1);
      },
      { model: [{ type: "text", text: "one" }, { type: "text", text: " two" }, { stall: true }] },
    ),
  ],
};
