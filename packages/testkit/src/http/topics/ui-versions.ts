import assert from "node:assert/strict";
import { ChatError } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { expectProblem } from "../expect.ts";
import { collect } from "../server-events.ts";
import { check, type HttpTopic } from "../suite.ts";
import { again, say, stored, submit, textsOf } from "../ui-chat.ts";

export const uiVersions: HttpTopic = {
  name: "edits and new answers by the UI message stream",
  cases: [
    check(
      "an answer can be had again, at any place; the old one stays if the new one fails",
      async (site) => {
        expectProblem(
          await site.ask("POST", "/api/chat", submit("m1", "", { messages: [], trigger: "regenerate-message" })),
          404,
          "session_not_found",
        );
        // What a refusal kept from the store is said by asking for its answer again.
        await say(site, again("m1", "one"));
        await say(site, submit("m2", "two"));
        const [, first, , second] = await stored(site);
        assert.deepEqual((await say(site, again("m2", "two"))).at(-1), { type: "error", errorText: "No." });
        assert.deepEqual(textsOf(await stored(site)).at(-1), ["assistant", "answer 1"]);
        await say(site, again("m2", "two", second?.id));
        assert.deepEqual(textsOf(await stored(site)).at(-1), ["assistant", "answer 3"]);
        // By a client that has not seen that the second one is gone.
        await say(site, again("m2", "two", second?.id));
        assert.deepEqual(textsOf(await stored(site)).at(-1), ["assistant", "answer 4"]);
        await say(site, again("m1", "one", first?.id));
        assert.deepEqual(textsOf(await stored(site)), [
          ["user", "one"],
          ["assistant", "answer 5"],
        ]);
      },
      {
        engine: () => ({
          backend: scriptedBackend((_, call) =>
            call === 2
              ? [{ type: "text", text: "par" }, { fail: new ChatError("backend_error", "No.") }]
              : says(`answer ${call}`),
          ),
        }),
      },
    ),
    check(
      "a message keeps its id however often it is said anew",
      async (site) => {
        await say(site, submit("m1", "one"));
        await say(site, submit("m2", "two"));
        for (const text of ["ONE", "Uno"]) await say(site, submit("m1", text, { messageId: "m1" }));
        const messages = await stored(site);
        assert.deepEqual(textsOf(messages), [
          ["user", "Uno"],
          ["assistant", "answer 3"],
        ]);
        assert.equal(messages[0]?.id, "m1");
        // Call 4 fails: what was said before stands, until the client has the edit answered again.
        await say(site, submit("m1", "Un", { messageId: "m1" }));
        assert.deepEqual(textsOf(await stored(site)), textsOf(messages));
        await say(site, again("m1", "Un"));
        assert.deepEqual(textsOf(await stored(site)), [
          ["user", "Un"],
          ["assistant", "answer 5"],
        ]);
        await say(site, again("m1", "Un"));
        assert.deepEqual(textsOf(await stored(site)), [
          ["user", "Un"],
          ["assistant", "answer 6"],
        ]);
        assert.deepEqual(await stored(site, "?before=m1"), []);
      },
      {
        engine: () => ({
          backend: scriptedBackend((_, call) =>
            call === 4
              ? [{ type: "text", text: "par" }, { fail: new ChatError("backend_error", "No.") }]
              : says(`answer ${call}`),
          ),
        }),
      },
    ),
    check(
      "while an edit is answered, its conversation is what it will be",
      async (site) => {
        await say(site, submit("m1", "one"));
        const reading = site.events("POST", "/api/chat", submit("m1", "ONE", { messageId: "m1" }));
        await reading.next();
        assert.deepEqual(textsOf(await stored(site)), [["user", "ONE"]]);
        await site.ask("POST", "/api/chat/c1/stop");
        await collect(reading);
        assert.deepEqual(textsOf(await stored(site)), [
          ["user", "ONE"],
          ["assistant", "half an"],
        ]);
      },
      {
        engine: () => ({
          backend: scriptedBackend((_, call) =>
            call === 0 ? says("Hello") : [{ type: "text", text: "half an" }, { stall: true }],
          ),
        }),
      },
    ),
    check("sent again with its Idempotency-Key, an edit or a new answer is the turn that it was", async (site) => {
      let turns = 0;
      const twice = async (asked: { readonly body: object }, ...others: readonly { readonly body: object }[]) => {
        const headers = { "idempotency-key": `k${(turns += 1)}` };
        const first = await collect(site.events("POST", "/api/chat", { ...asked, headers }));
        assert.deepEqual(await collect(site.events("POST", "/api/chat", { ...asked, headers })), first);
        for (const other of others)
          expectProblem(await site.ask("POST", "/api/chat", { ...other, headers }), 422, "idempotency_mismatch");
        assert.equal(site.backend.calls.length, turns);
      };
      // The store has not had it yet: it is said, and there when it is asked again.
      await twice(again("m1", "one"), submit("m1", "one"));
      await twice(submit("m2", "two"), submit("m2", "too"));
      const answers = (await stored(site)).filter(({ role }) => role === "assistant").map(({ id }) => id);
      await twice(again("m2", "two", answers[1]), again("m2", "two"));
      await twice(
        submit("m1", "ONE", { messageId: "m1" }),
        submit("m1", "Uno", { messageId: "m1" }),
        submit("m2", "ONE", { messageId: "m2" }),
        submit("m1", "ONE"),
        submit("m1", "ONE", { messageId: "m1", id: "c2" }),
      );
      assert.deepEqual(textsOf(await stored(site)), [
        ["user", "ONE"],
        ["assistant", "Hello there, friend"],
      ]);
    }),
  ],
};
