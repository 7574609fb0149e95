import assert from "node:assert/strict";
import { says } from "../stage.ts";
import { declaresWhatIsTested, saysWhatItIs } from "../topics/capabilities.ts";
import { checkLocal, type LocalTopic } from "./suite.ts";

export const capabilities: LocalTopic = {
  name: "capabilities",
  cases: [
    checkLocal("that are declared are those that are tested", async ({ make, lacks }) => {
      const thinks = !lacks.includes("reasoning");
      declaresWhatIsTested(await make({ text: "Hello", ...(thinks && { reasoning: "A greeting." }) }), lacks);
    }),

    checkLocal("come with a name, a model and a size", async ({ make }) => {
      const backend = await make({ text: "Hello" });
      saysWhatItIs(backend);
      assert.equal(backend.info.kind, "local");
    }),

    checkLocal("come with health, and with the tokens of a message", async ({ make }) => {
      const backend = await make({ text: "Hello" });
      const health = await backend.health(new AbortController().signal);
      assert.deepEqual([health.healthy, health.loaded], [true, true]);
      const [short, long] = await Promise.all([
        backend.countTokens([says("Hi")]),
        backend.countTokens([says("A much longer message than the other one. ".repeat(20))]),
      ]);
      assert.ok(Number.isInteger(short) && short > 0 && long > short, `${short} and ${long} tokens`);
    }),
  ],
};
