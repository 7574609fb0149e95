import { describe, expect, it } from "vitest";
import { text, type FakeReply } from "@parlor/testkit/openai";
import { Events } from "../src/events.ts";
import { ask, pair, type Outcome } from "./support.ts";

async function answer(reply: FakeReply, options: Parameters<typeof pair>[1] = {}): Promise<Outcome> {
  const { backend } = await pair({ reply }, options);
  return ask(backend);
}

const record = (chunk: object): string => `data: ${JSON.stringify(chunk)}\n\n`;
const delta = (content: string): object => ({ choices: [{ index: 0, delta: { content } }] });
const finish = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };

describe("a stream", () => {
  it("gives text, then finish, then usage", async () => {
    const { events, error } = await answer({
      steps: text("Hel", "lo"),
      usage: { prompt: 7, completion: 2, cached: 3, reasoning: 1 },
    });
    expect(error).toBeUndefined();
    expect(events).toEqual([
      { type: "text", text: "Hello" },
      { type: "finish", reason: "stop" },
      { type: "usage", usage: { inputTokens: 7, outputTokens: 2, cachedInputTokens: 3, reasoningTokens: 1 } },
    ]);
  });

  it("gives one text event for all text of a read, or one per token when told", () => {
    const stream = record(delta("a")) + record(delta("b")) + record(delta("c"));
    expect(new Events("x", true).feed(stream)).toEqual([{ type: "text", text: "abc" }]);
    expect(new Events("x", false).feed(stream)).toHaveLength(3);
  });

  it("keeps reasoning and text in their order within a read", () => {
    const thought = (reasoning: string): object => ({ choices: [{ delta: { reasoning } }] });
    const stream = [thought("a"), thought("b"), delta("c"), thought("d"), delta("e")].map(record).join("");
    expect(new Events("x", true).feed(stream)).toEqual([
      { type: "reasoning", text: "ab" },
      { type: "text", text: "c" },
      { type: "reasoning", text: "d" },
      { type: "text", text: "e" },
    ]);
  });

  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["tool_calls", "tool-calls"],
    ["function_call", "tool-calls"],
    ["content_filter", "content-filter"],
    ["eos", "other"],
  ])("maps the reason %s to %s", async (wire, reason) => {
    expect((await answer({ steps: text("a"), finish: wire })).finish).toBe(reason);
  });

  it("takes Groq's usage from the finishing chunk", async () => {
    const { events } = await answer({ steps: text("a"), usageIn: "x_groq", usage: { prompt: 4, completion: 5 } });
    expect(events.at(-1)).toMatchObject({ type: "usage", usage: { inputTokens: 4, outputTokens: 5 } });
  });

  it("reports usage once, the last, where every chunk has one", () => {
    const usage = (n: number): object => ({ usage: { prompt_tokens: 1, completion_tokens: n } });
    const events = new Events("x", true);
    const stream = [
      { ...delta("a"), ...usage(1) },
      { ...delta("b"), ...usage(2) },
      finish,
      { choices: [], ...usage(3) },
    ];
    expect(events.feed(stream.map(record).join(""))).toEqual([
      { type: "text", text: "ab" },
      { type: "finish", reason: "stop" },
      { type: "usage", usage: { inputTokens: 1, outputTokens: 3 } },
    ]);
    expect(events.done).toBe(true);
  });

  it("does without usage, without [DONE] and without the last blank line", async () => {
    expect((await answer({ steps: text("a"), usage: null })).events).toHaveLength(2);
    expect(await answer({ steps: text("a"), done: false })).toMatchObject({
      text: "a",
      finish: "stop",
      error: undefined,
    });
    const last: FakeReply = {
      finish: null,
      usage: null,
      done: false,
      steps: [{ raw: `data: ${JSON.stringify(finish)}` }],
    };
    expect(await answer(last)).toMatchObject({ finish: "stop", error: undefined });
  });

  it("passes over comments, other events, empty deltas, other choices and whatever follows the end", async () => {
    const { text: said, events } = await answer({
      steps: [
        { comment: "OPENROUTER PROCESSING" },
        { json: {}, event: "ping" },
        { delta: { content: "" } },
        { delta: { content: null, role: "" } },
        { json: { choices: [{ index: 1, delta: { content: "other" }, finish_reason: "stop" }] } },
        { json: { choices: [{ index: 0, delta: { content: "a" }, finish_reason: "" }] } },
        { json: { choices: [{ index: 0, delta: { content: "b" }, finish_reason: "stop" }] } },
        { json: { choices: [{ index: 0, delta: { content: "after" }, finish_reason: "stop" }] } },
      ],
    });
    expect(said).toBe("ab");
    expect(events.filter((event) => event.type === "finish")).toHaveLength(1);
  });

  it("gives a refusal as text, and tells that it was one", async () => {
    const refused = await answer({ steps: [{ delta: { refusal: "I " } }, { delta: { refusal: "won't" } }] });
    expect(refused).toMatchObject({ text: "I won't", finish: "content-filter", error: undefined });
  });

  it("does not mistake [DONE] in the text for the end", async () => {
    const said = "data: [DONE]\n\n";
    expect(await answer({ steps: text(said, "more") })).toMatchObject({ text: `${said}more`, finish: "stop" });
  });

  it.each(["\n", "\r\n", "\r"] as const)(
    "reads lines that end with %j, after a byte order mark, byte by byte",
    async (lineEnd) => {
      const said = 'ä€😀 "quoted" \\ \n new line \u2028';
      const outcome = await answer({ steps: text(said, said), wire: { lineEnd, bom: true, split: 1 } });
      expect(outcome).toMatchObject({ text: said + said, finish: "stop", error: undefined });
    },
  );
});

describe("an answer in one piece", () => {
  const whole = (body: object, type = "application/json"): FakeReply => ({
    headers: { "content-type": type },
    body: JSON.stringify(body),
  });
  const message = { role: "assistant", content: "Hello", reasoning_content: "hm" };
  const usage = { prompt_tokens: 1, completion_tokens: 2 };

  it("is taken where a stream was asked for", async () => {
    const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
    const choices = [
      { index: 0, message: { ...message, tool_calls: [call, { ...call, id: "c2" }] }, finish_reason: "stop" },
    ];
    const { events } = await answer(
      whole({ object: "chat.completion", choices, usage }, "application/json; charset=utf-8"),
    );
    expect(events).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "Hello" },
      { type: "tool-call", id: "c1", name: "f", input: {} },
      { type: "tool-call", id: "c2", name: "f", input: {} },
      { type: "finish", reason: "tool-calls" },
      { type: "usage", usage: { inputTokens: 1, outputTokens: 2 } },
    ]);
  });

  it.each([[{}], [{ choices: [] }], [{ choices: null }], [{ choices: [{ message }] }], [[1]], [null]])(
    "makes no sense as %j",
    async (body) => {
      expect((await answer(whole(body as object))).error?.code).toBe("upstream_invalid");
    },
  );
});
