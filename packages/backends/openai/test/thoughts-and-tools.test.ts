import { describe, expect, it } from "vitest";
import { reasoning, text, toolCall, type ReasoningCarrier, type Step } from "@parlor/testkit/openai";
import { ReasoningDetails } from "../src/chunk.ts";
import { ThinkTags } from "../src/think-tags.ts";
import { ask, pair, type Outcome } from "./support.ts";

async function answer(...steps: Step[]): Promise<Outcome> {
  const { backend } = await pair({ reply: { steps } });
  return ask(backend);
}

describe("reasoning", () => {
  const carriers: ReasoningCarrier[] = [
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "reasoning_details_cumulative",
    "think",
  ];
  it.each(carriers)("comes by %s", async (carrier) => {
    const outcome = await answer(...reasoning(carrier, "Let", " me", " see"), ...text("Yes"));
    expect(outcome).toMatchObject({ reasoning: "Let me see", text: "Yes", finish: "stop" });
  });

  it("is taken once where two fields say the same", async () => {
    const both = { reasoning_content: "hm", reasoning: "hm", reasoning_details: [{ text: "hm" }] };
    expect((await answer({ delta: both }, ...text("Yes"))).reasoning).toBe("hm");
  });

  it("is known for pieces once it does not grow, for the whole once it does", () => {
    const run = (...texts: string[]): string[] => {
      const details = new ReasoningDetails();
      return texts.map((piece) => details.next([{ text: piece }]));
    };
    expect(run("a", "b", "b", "ba")).toEqual(["a", "b", "b", "ba"]);
    expect(run("a", "ab", "ab", "abc")).toEqual(["a", "b", "", "c"]);
    expect(run("a", "a")).toEqual(["a", "a"]);
  });
});

describe("think tags", () => {
  const split = (...pieces: string[]): { thought: string; said: string } => {
    const out = { reasoning: "", text: "" };
    const tags = new ThinkTags((type, piece) => {
      out[type] += piece;
    });
    for (const piece of pieces) tags.push(piece);
    tags.end();
    return { thought: out.reasoning, said: out.text };
  };

  it("are found however they are cut", () => {
    const content = "\n<think>if (a < b) </b> thought</think>\n\nThe <b>answer</b> <think>stays</think>";
    const expected = { thought: "if (a < b) </b> thought", said: "The <b>answer</b> <think>stays</think>" };
    expect(split(...Array.from(content))).toEqual(expected);
    for (let first = 0; first <= content.length; first++) {
      for (let second = first; second <= content.length; second += 3) {
        const pieces = [content.slice(0, first), content.slice(first, second), content.slice(second)];
        expect(split(...pieces)).toEqual(expected);
      }
    }
  });

  it.each([
    ["never opened", "<thin lizzy", { thought: "", said: "<thin lizzy" }],
    ["never finished opening", " <think", { thought: "", said: " <think" }],
    ["never closed", "<think>half a </thi", { thought: "half a </thi", said: "" }],
    ["empty", "<think></think>Yes", { thought: "", said: "Yes" }],
    ["later in the answer", "Use <think>", { thought: "", said: "Use <think>" }],
    ["after too much white space", `${" ".repeat(1100)}<think>a`, { thought: "", said: `${" ".repeat(1100)}<think>a` }],
  ])("%s", (_, content, expected) => {
    expect(split(content)).toEqual(expected);
    expect(split(...Array.from(content))).toEqual(expected);
  });

  it("end with the answer: what was held back comes before finish", async () => {
    const { events } = await answer(...text("<think>hm</th"));
    expect(events.map((event) => event.type)).toEqual(
      ["reasoning", "reasoning", "finish", "usage"].slice(-events.length),
    );
    expect(events.at(-2)).toEqual({ type: "finish", reason: "stop" });
  });
});

describe("tool calls", () => {
  const calls = (outcome: Outcome): unknown[] => outcome.events.filter((event) => event.type === "tool-call");

  it("are put together and come whole, before finish", async () => {
    const outcome = await answer(
      ...text("Let me see"),
      ...toolCall(0, "c1", "weather", '{"ci', 'ty":"Köln"}'),
      ...toolCall(1, "c2", "time"),
    );
    expect(outcome.events.map((event) => event.type)).toEqual(["text", "tool-call", "tool-call", "finish", "usage"]);
    expect(outcome.finish).toBe("tool-calls");
    expect(calls(outcome)).toEqual([
      { type: "tool-call", id: "c1", name: "weather", input: { city: "Köln" } },
      { type: "tool-call", id: "c2", name: "time", input: {} },
    ]);
  });

  it("may start at index 1, come interleaved, or all be numbered 0", async () => {
    const fragment = (index: number, args: string): Step => ({
      delta: { tool_calls: [{ index, function: { arguments: args } }] },
    });
    const mixed = await answer(
      ...toolCall(1, "a", "f"),
      ...toolCall(2, "b", "g"),
      fragment(1, '{"x":'),
      fragment(2, "[]"),
      fragment(1, "1}"),
    );
    expect(calls(mixed)).toMatchObject([
      { id: "a", name: "f", input: { x: 1 } },
      { id: "b", name: "g", input: [] },
    ]);
    const zeros = await answer(...toolCall(0, "a", "f", "{}"), ...toolCall(0, "b", "g", '{"y"', ":2}"));
    expect(calls(zeros)).toMatchObject([
      { id: "a", input: {} },
      { id: "b", input: { y: 2 } },
    ]);
  });

  it("may come without index or id, with the id repeated, and with arguments that are JSON already", async () => {
    const whole = { function: { name: "f", arguments: { x: 1 } } };
    expect(calls(await answer({ delta: { tool_calls: [whole, whole] } }))).toMatchObject([
      { id: "call_0", name: "f", input: { x: 1 } },
      { id: "call_1", name: "f", input: { x: 1 } },
    ]);
    const again: Step = { delta: { tool_calls: [{ index: 0, id: "a", function: { arguments: "1}" } }] } };
    expect(calls(await answer(...toolCall(0, "a", "f", '{"x":'), again))).toMatchObject([{ id: "a", input: { x: 1 } }]);
  });

  it("keep arguments that are no JSON as the text they are", async () => {
    expect(calls(await answer(...toolCall(0, "a", "f", '{"x":')))).toMatchObject([{ input: '{"x":' }]);
  });

  it("make no sense without a name, and have an end", async () => {
    expect((await answer({ delta: { tool_calls: [{ index: 0, id: "a" }] } })).error?.code).toBe("upstream_invalid");
    const piece = "x".repeat(1_000_000);
    expect((await answer(...toolCall(0, "a", "f", piece, piece, piece, piece, piece))).error?.code).toBe(
      "answer_too_long",
    );
  });

  it("are not told of when the stream breaks off before it finishes", async () => {
    const { backend } = await pair({ reply: { steps: toolCall(0, "a", "f", '{"rm":"-rf"}'), finish: null } });
    const outcome = await ask(backend);
    expect(calls(outcome)).toEqual([]);
    expect(outcome.error?.code).toBe("upstream_truncated");
  });
});
