import assert from "node:assert/strict";
import { toRequest } from "../stage.ts";
import { type BackendTopic, check, type Recorded } from "../suite.ts";

export const text: BackendTopic = {
  name: "text",
  cases: [
    check("comes whole and in order, then one finish", async ({ ask, fake }) => {
      const said = ["Größe ", '"quoted" \\ \n', "😀", " end"];
      fake.next({ answer: { said: said.map((piece) => ({ text: piece })) } });
      const outcome = await ask();
      assert.equal(outcome.error, undefined);
      assert.equal(outcome.text, said.join(""));
      assert.equal(outcome.finish, "stop");
      const after = outcome.events.slice(outcome.events.findIndex((event) => event.type === "finish") + 1);
      assert.deepEqual(
        after.filter((event) => event.type !== "usage"),
        [],
        "nothing but usage may follow finish",
      );
    }),

    check("that came in one read is one event", async ({ ask, fake }) => {
      const tokens = Array.from({ length: 2000 }, (_, index) => ({ text: ` tok${index}` }));
      fake.next({ answer: { said: tokens } });
      const { batches, text: whole, events } = await ask();
      assert.equal(whole, tokens.map((token) => token.text).join(""));
      for (const batch of batches) {
        assert.ok(batch.length > 0, "a batch holds something");
        for (const [index, event] of batch.entries()) {
          const twice = event.type === "text" && batch[index - 1]?.type === "text";
          assert.ok(!twice, "two text events in a row in one batch");
        }
      }
      assert.ok(events.length < 200, `2,000 tokens that were written at once came in ${events.length} events`);
    }),

    check("is handed on before more of it comes", async ({ backend, fake, soon }) => {
      const words = ["one ", "two ", "three "];
      const gates = new Map(words.map((word) => [word, Promise.withResolvers<void>()]));
      fake.next({
        answer: { said: words.map((word) => ({ text: word })) },
        records: (recorded) => gated(recorded, gates),
      });
      const call = backend.generate(toRequest(), new AbortController().signal)[Symbol.asyncIterator]();
      for (const [word, gate] of gates) {
        gate.resolve();
        const { value } = await soon(call.next(), `the text ${word}`);
        assert.deepEqual(value?.[0], { type: "text", text: word });
      }
      let done = false;
      while (!done) done = (await soon(call.next(), "the end")).done === true;
    }),

    check("waits for a reader that is slow, and none of it is lost", async ({ backend, fake }) => {
      const piece = "x".repeat(10_000);
      fake.next({ answer: { said: Array.from({ length: 500 }, () => ({ text: piece })) }, wire: { perWrite: 1 } });
      let length = 0;
      for await (const batch of backend.generate(toRequest(), new AbortController().signal)) {
        await new Promise(setImmediate);
        for (const event of batch) if (event.type === "text") length += event.text.length;
      }
      assert.equal(length, 5_000_000);
    }),

    check(
      "may hold what other formats take for the end of a line",
      async ({ ask, fake }) => {
        const said = [{ text: "one\u2028two" }, { text: "\u2029three\u0085" }];
        fake.next({ answer: { said } });
        assert.equal((await ask()).text, "one\u2028two\u2029three\u0085");
      },
      { needs: ["wire"] },
    ),

    check("may be empty", async ({ ask, fake }) => {
      fake.next({ answer: { said: [] } });
      const outcome = await ask();
      assert.deepEqual([outcome.text, outcome.finish, outcome.error], ["", "stop", undefined]);
    }),

    check(
      "of many calls at once does not mix",
      async ({ ask }) => {
        const calls = await Promise.all(Array.from({ length: 40 }, (_, call) => ask({ request: `call ${call}.` })));
        for (const [call, outcome] of calls.entries()) assert.equal(outcome.text, `call ${call}. `.repeat(20));
      },
      {
        reply: ({ text: sent }) => {
          const [name = ""] = /call \d+\./.exec(sent) ?? [];
          return { answer: { said: Array.from({ length: 20 }, () => ({ text: `${name} ` })) }, wire: { perWrite: 3 } };
        },
      },
    ),

    check(
      "and thoughts are told apart, in their order",
      async ({ ask, fake }) => {
        fake.next({
          answer: { said: [{ reasoning: "Let me" }, { reasoning: " see" }, { text: "Yes" }, { text: "!" }] },
        });
        const { events, reasoning, text: said, finish } = await ask();
        assert.deepEqual([reasoning, said, finish], ["Let me see", "Yes!", "stop"]);
        const lastThought = events.findLastIndex((event) => event.type === "reasoning");
        assert.ok(lastThought < events.findIndex((event) => event.type === "text"), "thoughts come first");
      },
      { needs: ["reasoning"] },
    ),
  ],
};

/** The records of an answer, each word's only once its gate is open. */
async function* gated(
  { records }: Recorded,
  gates: ReadonlyMap<string, { readonly promise: Promise<void> }>,
): AsyncGenerator<string> {
  for (const record of records) {
    for (const [word, { promise }] of gates) if (record.includes(word)) await promise;
    yield record;
  }
}
