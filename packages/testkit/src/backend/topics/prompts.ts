import assert from "node:assert/strict";
import type { PromptMessage } from "@parlor/core";
import { says } from "../stage.ts";
import { type BackendTopic, check } from "../suite.ts";

const answered = (text: string): PromptMessage => ({ role: "assistant", parts: [{ type: "text", text }] });

export const prompts: BackendTopic = {
  name: "prompts",
  cases: [
    check("a conversation arrives in its order", async ({ ask, asked }) => {
      await ask({ request: { messages: [says("What is 1+1?"), answered("2"), says("And 2+2?")] } });
      assert.deepEqual((await asked()).messages, [
        { role: "user", text: "What is 1+1?" },
        { role: "assistant", text: "2" },
        { role: "user", text: "And 2+2?" },
      ]);
    }),

    check(
      "a system prompt arrives as one",
      async ({ ask, asked }) => {
        const system: PromptMessage = { role: "system", parts: [{ type: "text", text: "Be brief." }] };
        await ask({ request: { messages: [system, says("Hi")] } });
        const { system: told, messages } = await asked();
        assert.deepEqual([told, messages], ["Be brief.", [{ role: "user", text: "Hi" }]]);
      },
      { needs: ["system"] },
    ),

    check("two messages of a user in a row are one, where an answer between failed", async ({ ask, asked }) => {
      await ask({ request: { messages: [says("First"), says("Second")] } });
      const { messages } = await asked();
      assert.equal(messages.length, 1);
      assert.match(messages[0]?.text ?? "", /^First\s*Second$/);
    }),

    check("the most tokens to generate are named", async ({ ask, asked }) => {
      await ask({ request: { settings: { maxTokens: 77 } } });
      assert.equal((await asked()).maxTokens, 77);
    }),

    check("odd text arrives as it was", async ({ ask, asked }) => {
      const odd = 'null \u0000, quotes "\\", lines\r\n\u2028, 😀 and 日本';
      await ask({ request: odd });
      assert.equal((await asked()).messages[0]?.text, odd);
    }),

    check("tokens are counted without asking anybody", async ({ backend, fake }) => {
      const [short, long] = await Promise.all([
        backend.countTokens([says("Hi")]),
        backend.countTokens([says("A much longer message than the other one. ".repeat(20))]),
      ]);
      assert.ok(Number.isInteger(short) && short > 0 && long > short, `${short} and ${long} tokens`);
      assert.equal(fake.requests.length, 0);
    }),

    check("health is told without asking anybody", async ({ backend, fake }) => {
      const { healthy } = await backend.health(new AbortController().signal);
      assert.deepEqual([healthy, fake.requests.length], [true, 0]);
    }),
  ],
};
