import assert from "node:assert/strict";
import type { FinishReason, Usage } from "@parlor/core";
import { type BackendCase, type BackendTopic, check } from "../suite.ts";

const said = [{ text: "Hello" }];

function reported(name: string, usage: Usage, needs: BackendCase["needs"] = []): BackendCase {
  return check(
    name,
    async ({ ask, fake }) => {
      fake.next({ answer: { said, usage } });
      const outcome = await ask();
      const { inputTokens, outputTokens, cachedInputTokens = 0, reasoningTokens = 0 } = outcome.usage ?? {};
      assert.deepEqual(
        { inputTokens, outputTokens, cachedInputTokens, reasoningTokens },
        { cachedInputTokens: 0, reasoningTokens: 0, ...usage },
      );
      assert.equal(outcome.events.filter((event) => event.type === "usage").length, 1, "usage is told once");
    },
    { needs },
  );
}

const reasons: readonly FinishReason[] = ["stop", "length", "content-filter"];

export const usage: BackendTopic = {
  name: "usage and the reason to finish",
  cases: [
    reported("tokens in and out are told", { inputTokens: 120, outputTokens: 34 }),
    reported(
      "tokens in include those that the provider had cached",
      { inputTokens: 1200, outputTokens: 34, cachedInputTokens: 1000 },
      ["cached-usage"],
    ),
    reported("tokens out include thoughts", { inputTokens: 120, outputTokens: 340, reasoningTokens: 300 }, [
      "reasoning-usage",
    ]),
    ...reasons.map((reason) =>
      check(`the reason ${reason} is told`, async ({ ask, fake }) => {
        fake.next({ answer: { said, finish: reason } });
        const outcome = await ask();
        assert.deepEqual([outcome.text, outcome.finish, outcome.error], ["Hello", reason, undefined]);
      }),
    ),
  ],
};
