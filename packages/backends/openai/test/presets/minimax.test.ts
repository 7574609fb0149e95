import { describe, expect, it } from "vitest";
import { minimax } from "@parlor/openai";
import { reasoning, text, type FakeReply, type Step } from "@parlor/testkit/openai";
import { ask } from "../support.ts";
import { answer, before, json, sse, turnWith } from "./support.ts";

describe("minimax", () => {
  it.each<[string, FakeReply]>([
    ["pieces in reasoning_details", { steps: [...reasoning("reasoning_details", "hm", ", so"), ...text("Yes")] }],
    [
      "the whole, again and again",
      { steps: [...reasoning("reasoning_details_cumulative", "hm", ", so"), ...text("Yes")] },
    ],
    ["reasoning_content", { steps: [...reasoning("reasoning_content", "hm", ", so"), ...text("Yes")] }],
    ["tags in the content", { steps: [...reasoning("think", "hm", ", so"), ...text("\n\nYes")] }],
  ])("thinks in %s, and may leave out [DONE]", async (_, reply) => {
    expect(await answer(minimax, "MiniMax-M2.7", { ...reply, done: false })).toMatchObject({
      reasoning: "hm, so",
      text: "Yes",
      finish: "stop",
      error: undefined,
    });
  });

  it("has fields of its own in a delta, which mean nothing to us", async () => {
    const odd: Step = { delta: { role: "", name: "MiniMax AI", audio_content: "", content: "a" } };
    expect((await answer(minimax, "MiniMax-M2.7", { steps: [odd] })).text).toBe("a");
  });

  it("asks M1 at its own path, whose last chunk repeats the answer", async () => {
    const chunk = (delta: object): object => ({ object: "chat.completion.chunk", choices: [{ index: 0, delta }] });
    const { fake, backend } = await before(
      minimax,
      "MiniMax-M1",
      sse(chunk({ reasoning_content: "hm" }), chunk({ content: "Hello" }), {
        object: "chat.completion",
        choices: [{ index: 0, finish_reason: "stop", message: { content: "Hello", role: "assistant" } }],
        usage: { total_tokens: 7, prompt_tokens: 4, completion_tokens: 3 },
        base_resp: { status_code: 0, status_msg: "" },
      }),
    );
    const outcome = await ask(backend);
    expect(outcome).toMatchObject({ reasoning: "hm", text: "Hello", finish: "stop", error: undefined });
    expect(outcome.events.at(-1)).toEqual({ type: "usage", usage: { inputTokens: 4, outputTokens: 3 } });
    expect((await fake.request(0)).path).toBe("/v1/text/chatcompletion_v2");
  });

  it.each([
    [1002, "backend_rate_limited"],
    [1004, "backend_auth"],
    [1008, "backend_quota"],
    [1027, "content_filter"],
    [1039, "context_too_long"],
    [2013, "backend_bad_request"],
    [1000, "backend_error"],
  ])("fails under HTTP 200 with status %s", async (status_code, code) => {
    const failed = { choices: null, base_resp: { status_code, status_msg: "MARK" } };
    const { fake, backend } = await before(minimax, "MiniMax-M2.7", json(failed), 2);
    expect((await ask(backend)).error?.code).toBe(code);
    fake.next(sse({ choices: [{ delta: { content: "a" } }] }, failed));
    expect(await ask(backend)).toMatchObject({ text: "a", error: { code } });
  });

  it("gets its thoughts back between tool calls", async () => {
    const { fake, backend } = await before(minimax, "MiniMax-M2.7", sse({ choices: [{ finish_reason: "stop" }] }));
    await ask(backend, turnWith({ type: "reasoning", text: "hm" }));
    expect((await fake.request(0)).body?.["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", reasoning_details: [{ type: "reasoning.text", text: "hm" }] },
      { role: "tool" },
    ]);
  });
});
