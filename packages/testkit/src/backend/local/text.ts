import assert from "node:assert/strict";
import { says } from "../stage.ts";
import { checkLocal, type LocalTopic } from "./suite.ts";

const answers = { apples: "They are red.", bridges: "They hang or stand.", clouds: "Sheep without a shepherd." };

export const text: LocalTopic = {
  name: "text",
  cases: [
    checkLocal("comes whole and in order, then usage and one finish", async ({ make, ask }) => {
      const said = 'Größe "quoted" \\ \n😀 日本 end';
      const outcome = await ask(await make({ text: said }));
      assert.deepEqual([outcome.error, outcome.text, outcome.finish], [undefined, said, "stop"]);
      const count = (type: string) => outcome.events.filter((event) => event.type === type).length;
      assert.deepEqual([count("finish"), count("usage")], [1, 1]);
      const after = outcome.events.slice(outcome.events.findIndex((event) => event.type === "finish") + 1);
      assert.ok(after.every((event) => event.type === "usage"));
    }),

    checkLocal("of one batch is one event", async ({ make, ask }) => {
      const { batches } = await ask(await make({ text: "Many words that come one after the other." }));
      assert.ok(batches.length > 1, "it comes while it is generated");
      for (const batch of batches) {
        assert.ok(batch.length > 0, "a batch holds something");
        const twice = batch.some((event, index) => event.type === "text" && batch[index - 1]?.type === "text");
        assert.ok(!twice, "two text events in a row in one batch");
      }
    }),

    checkLocal("may be empty", async ({ make, ask }) => {
      const { text: said, finish, error } = await ask(await make({ text: "" }));
      assert.deepEqual([said, finish, error], ["", "stop", undefined]);
    }),

    checkLocal("is counted, and so is what was asked", async ({ make, ask }) => {
      const backend = await make({ text: "Hello there" });
      const short = (await ask(backend)).usage;
      const long = (await ask(backend, { request: "A much longer message. ".repeat(20) })).usage;
      assert.ok(short && long && short.outputTokens > 0);
      assert.equal(short.outputTokens, long.outputTokens);
      assert.ok(long.inputTokens > short.inputTokens && short.inputTokens > 0);
    }),

    checkLocal("ends for length at the most tokens to generate", async ({ make, ask }) => {
      const backend = await make({ text: "On and on. ", endless: true });
      const { finish, usage } = await ask(backend, { request: { settings: { maxTokens: 7 } } });
      assert.deepEqual([finish, usage?.outputTokens], ["length", 7]);
    }),

    checkLocal("ends before a text to stop at", async ({ make, ask }) => {
      const backend = await make({ text: "One, two, three, four." });
      const { text: said, finish } = await ask(backend, { request: { settings: { stop: ["three"] } } });
      assert.deepEqual([said, finish], ["One, two, ", "stop"]);
    }),

    checkLocal("of many calls at once does not mix", async ({ make, ask }) => {
      const backend = await make({ text: "I know nothing of that.", answers });
      const topics = Object.entries(answers);
      const calls = Array.from({ length: 12 }, async (_, call) => {
        const [topic, expected] = topics[call % topics.length] ?? ["", ""];
        assert.equal((await ask(backend, { request: `${call}: tell me of ${topic}!` })).text, expected);
      });
      await Promise.all(calls);
    }),

    checkLocal("depends on all of the conversation, the system prompt too", async ({ make, ask }) => {
      const backend = await make({ text: "I know nothing of that.", answers });
      const system = { role: "system", parts: [{ type: "text", text: "Talk of clouds." }] } as const;
      assert.equal((await ask(backend, { request: { messages: [system, says("Hi")] } })).text, answers.clouds);
      const before = [says("What of apples?"), { ...system, role: "assistant", parts: [] } as const, says("Well?")];
      assert.equal((await ask(backend, { request: { messages: before } })).text, answers.apples);
    }),

    checkLocal(
      "and thoughts are told apart, in their order",
      async ({ make, ask }) => {
        const { events, reasoning, text: said } = await ask(await make({ reasoning: "Let me see.", text: "Yes!" }));
        assert.deepEqual([reasoning, said], ["Let me see.", "Yes!"]);
        const lastThought = events.findLastIndex((event) => event.type === "reasoning");
        assert.ok(lastThought < events.findIndex((event) => event.type === "text"), "thoughts come first");
      },
      ["reasoning"],
    ),
  ],
};
