import { describe, expect, it } from "vitest";
import type { Part } from "@parlor/core";
import { openrouter } from "@parlor/openai";
import { fakeProvider, type ProviderReply } from "@parlor/testkit/provider";
import { ask, cleanUp } from "../support.ts";
import { before, sse, turnWith } from "./support.ts";

describe("openrouter", () => {
  it("says whose site asks, and tells what a call cost", async () => {
    const fake = await fakeProvider<ProviderReply>({
      reply: sse(
        { choices: [{ delta: { content: "a" }, finish_reason: "stop" }] },
        { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, cost: 0.00042 } },
      ),
      render: (reply) => reply,
    });
    const backend = openrouter({ model: "m", baseURL: fake.url, site: "https://example.com", title: "Example" });
    cleanUp(async () => {
      await backend.close();
      await fake.close();
    });
    expect((await ask(backend)).events.at(-1)).toMatchObject({ usage: { outputTokens: 2, cost: 0.00042 } });
    expect((await fake.request(0)).headers).toMatchObject({
      "http-referer": "https://example.com",
      "x-title": "Example",
    });
  });

  it("fails in the middle with an error beside a choice that ends in one", async () => {
    const failed = {
      error: { code: 502, message: "MARK" },
      choices: [{ delta: { content: "" }, finish_reason: "error" }],
    };
    const { backend } = await before(openrouter, "m", sse({ choices: [{ delta: { content: "a" } }] }, failed));
    expect(await ask(backend)).toMatchObject({ text: "a", finish: undefined, error: { code: "backend_error" } });
  });

  it("gets thoughts back word for word, signatures too, and only those of the same model", async () => {
    const detail = (more: object): object => ({
      type: "reasoning.text",
      index: 0,
      format: "anthropic-claude-v1",
      ...more,
    });
    const call = { index: 0, id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
    const delta = (more: object): object => ({ choices: [{ delta: more }] });
    const { fake, backend } = await before(
      openrouter,
      "anthropic/claude",
      sse(
        delta({ reasoning: "h", reasoning_details: [detail({ text: "h", signature: null })] }),
        delta({ reasoning: "m", reasoning_details: [detail({ text: "m" })] }),
        delta({
          reasoning_details: [detail({ signature: "sig" }), { type: "reasoning.encrypted", index: 1, data: "xyz" }],
        }),
        delta({ tool_calls: [call] }),
        { choices: [{ delta: {}, finish_reason: "tool_calls" }] },
      ),
    );
    const outcome = await ask(backend);
    expect(outcome).toMatchObject({ reasoning: "hm", finish: "tool-calls" });
    const kept = outcome.events.find((event) => event.meta)?.meta;
    const thought: Part = { type: "reasoning", text: "hm", ...(kept && { meta: kept }) };
    await ask(backend, turnWith(thought));
    expect((await fake.request(1)).body?.["messages"]).toMatchObject([
      {},
      {
        reasoning_details: [
          { type: "reasoning.text", index: 0, format: "anthropic-claude-v1", text: "hm", signature: "sig" },
          { type: "reasoning.encrypted", index: 1, data: "xyz" },
        ],
      },
      {},
    ]);
    await ask(backend, turnWith({ type: "reasoning", text: "another model's" }));
    expect((await fake.request(2)).body?.["messages"]).not.toMatchObject([{}, { reasoning_details: [{}] }, {}]);
  });
});
