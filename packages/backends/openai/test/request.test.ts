import { describe, expect, it } from "vitest";
import type { ModelSettings, Part, PromptMessage } from "@parlor/core";
import { resolveOptions, type OpenAIOptions } from "../src/options.ts";
import { estimateTokens, toBody, type RequestBody } from "../src/request.ts";
import { ask, pair, says } from "./support.ts";

function body(
  messages: readonly PromptMessage[],
  settings: ModelSettings = {},
  options: Partial<OpenAIOptions> = {},
): RequestBody {
  return toBody({ messages, settings }, resolveOptions({ model: "m", baseURL: "http://localhost/v1", ...options }));
}

const wire = (...messages: PromptMessage[]): unknown => body(messages).messages;
const text = (said: string): Part => ({ type: "text", text: said });

describe("messages", () => {
  it("keep their order and roles", () => {
    expect(
      wire(
        { role: "system", parts: [text("Be"), text(" kind.")] },
        says("Hi"),
        { role: "assistant", parts: [text("Hello"), text(".")] },
        says("Bye"),
      ),
    ).toEqual([
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello." },
      { role: "user", content: "Bye" },
    ]);
  });

  it("of a user that follow one another are one: with a blank line between, or part by part", () => {
    const image: Part = { type: "image", url: "data:image/png;base64,AAAA" };
    const seen = { type: "image_url", image_url: { url: image.url } };
    const failed: PromptMessage = { role: "assistant", parts: [{ type: "reasoning", text: "hm" }] };
    expect(wire(says("One"), failed, says("Two"), says("Three"))).toEqual([
      { role: "user", content: "One\n\nTwo\n\nThree" },
    ]);
    expect(wire(says("One"), { role: "user", parts: [image] }, says("Two"))).toEqual([
      { role: "user", content: [{ type: "text", text: "One" }, seen, { type: "text", text: "Two" }] },
    ]);
  });

  it("carry images in the user's parts", () => {
    const url = "data:image/png;base64,AAAA";
    expect(wire({ role: "user", parts: [text("What?"), { type: "image", url }] })).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "What?" },
          { type: "image_url", image_url: { url } },
        ],
      },
    ]);
  });

  it("carry tool calls and results, each result a message", () => {
    const call = (id: string, input: unknown): Part => ({ type: "tool-call", id, name: "f", input });
    const result = (id: string, output: unknown): Part => ({ type: "tool-result", id, output });
    const asked = { type: "function", id: "a", function: { name: "f", arguments: '{"x":1}' } };
    const expected = [
      {
        role: "assistant",
        content: "Let me see",
        tool_calls: [asked, { ...asked, id: "b", function: { name: "f", arguments: "{" } }],
      },
      { role: "tool", tool_call_id: "a", content: '{"y":2}' },
      { role: "tool", tool_call_id: "b", content: "bad" },
      { role: "assistant", content: "Done" },
    ];
    const calls = [text("Let me see"), call("a", { x: 1 }), call("b", "{")];
    const results = [result("a", { y: 2 }), result("b", "bad")];
    expect(
      wire(
        { role: "assistant", parts: calls },
        { role: "tool", parts: results },
        { role: "assistant", parts: [text("Done")] },
      ),
    ).toEqual(expected);
    expect(wire({ role: "assistant", parts: [...calls, ...results, text("Done")] })).toEqual(expected);
  });

  it("leave out reasoning, and what is left empty by that", () => {
    const thought: Part = { type: "reasoning", text: "hm" };
    expect(wire({ role: "assistant", parts: [thought, text("Yes")] }, { role: "assistant", parts: [thought] })).toEqual(
      [{ role: "assistant", content: "Yes" }],
    );
  });

  it("that the protocol has no place for are refused, with nobody asked", async () => {
    const { fake, backend } = await pair();
    const outcome = await ask(backend, [
      { role: "user", parts: [{ type: "audio", url: "data:audio/wav;base64,AAAA" }] },
    ]);
    expect(outcome.error?.code).toBe("invalid_request");
    expect(fake.requests).toHaveLength(0);
  });
});

describe("settings", () => {
  const all: ModelSettings = { temperature: 0, topP: 0.5, maxTokens: 9, stop: ["\n"], topK: 3 };

  it("go by their names", () => {
    expect(body([says("Hi")], all)).toEqual({
      model: "m",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      top_p: 0.5,
      max_tokens: 9,
      stop: ["\n"],
    });
    expect(Object.keys(body([says("Hi")], { stop: [] }))).toEqual(["model", "messages", "stream", "stream_options"]);
  });

  it.each([undefined, "https://api.openai.com/v1", "https://eu.api.openai.com/v1/"])(
    "use OpenAI's own name at %s",
    (baseURL) => {
      const options = { apiKey: "sk-1", model: "gpt-5-mini", ...(baseURL !== undefined && { baseURL }) };
      const made = toBody({ messages: [], settings: { maxTokens: 9 } }, resolveOptions(options));
      expect(made).toMatchObject({ max_completion_tokens: 9 });
      expect(made).not.toHaveProperty("max_tokens");
    },
  );

  it("of the call win over the backend's, further fields over both", () => {
    const options = { settings: { temperature: 1, topP: 0.1 }, extraBody: { reasoning_effort: "low", stop: "x" } };
    expect(body([], { temperature: 0.5 }, options)).toMatchObject({
      temperature: 0.5,
      top_p: 0.1,
      reasoning_effort: "low",
      stop: "x",
    });
  });
});

describe("counting tokens", () => {
  it("is a quarter of the characters and 4 for each message", () => {
    expect(estimateTokens([])).toBe(0);
    expect(estimateTokens([says("12345678"), says("123456789")])).toBe(4 + 2 + 4 + 3);
  });

  it("counts calls and results, a fixed sum for an image, and no reasoning", () => {
    const image: Part = { type: "image", url: `data:image/png;base64,${"A".repeat(1e6)}` };
    expect(estimateTokens([{ role: "user", parts: [image] }])).toBe(1004);
    const parts: Part[] = [
      { type: "reasoning", text: "a long thought" },
      { type: "tool-call", id: "a", name: "name", input: {} },
      { type: "tool-result", id: "a", output: "12" },
    ];
    expect(estimateTokens([{ role: "assistant", parts }])).toBe(4 + 2);
  });
});
