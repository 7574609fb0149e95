import { expect, test } from "vitest";
import { z } from "zod";
import { tool, type Usage } from "../../src/index.ts";
import { ada, world } from "./harness.ts";

test("where long prompts cost more, each call of a turn costs by its own prompt", async () => {
  const above = { inputTokens: 1_000, input: 10, output: 40 };
  const prices = { input: 1, output: 4, cachedInput: 0.5, above, asOf: "2026-01-01" };
  const used = [
    { inputTokens: 1_000, outputTokens: 1, cachedInputTokens: 100 },
    { inputTokens: 1_001, outputTokens: 1, cachedInputTokens: 100 },
  ];
  const { engine } = world(
    (_, call) => [
      [
        call === 0 ? { type: "tool-call", id: "a", name: "none", input: {} } : { type: "text", text: "ok" },
        { type: "finish", reason: call === 0 ? "tool-calls" : "stop" },
        { type: "usage", usage: used[call] as Usage },
      ],
    ],
    { tools: { none: tool({ description: "Does nothing", input: z.object({}), run: () => null }) } },
    { info: { capabilities: ["tools"], prices } },
  );
  const { usage } = (await engine.send({ ...ada, message: "Go" })).outcome;
  expect(usage?.inputTokens).toBe(2_001);
  expect(usage?.cost).toBeCloseTo((900 + 50 + 4 + 1_001 * 10 + 40) / 1e6, 12);
});
