import { describe, expect, it } from "vitest";
import type { GenerateRequest, ModelSettings, Part, PromptMessage } from "@parlor/core";
import { estimateTokens } from "@parlor/wire";
import { resolveOptions, type OpenAIOptions } from "../src/options.ts";
import { toBody, type RequestBody } from "../src/request.ts";
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

  it.each<[string, Part]>([
    ["audio by address", { type: "audio", url: "https://example.com/a.wav" }],
    ["audio of another format", { type: "audio", url: "data:audio/ogg;base64,AAAA" }],
    ["a file by address", { type: "file", url: "https://example.com/a.pdf" }],
    ["an image of the disk", { type: "image", url: "file:///etc/passwd" }],
    ["an image that is not base64", { type: "image", url: "data:image/png,AAAA" }],
    ["a tool's result of a user", { type: "tool-result", id: "a", output: 1 }],
  ])("that the protocol has no place for are refused, with nobody asked: %s", async (_, part) => {
    const { fake, backend } = await pair();
    expect((await ask(backend, [{ role: "user", parts: [part] }])).error?.code).toBe("invalid_request");
    expect(fake.requests).toHaveLength(0);
  });

  it("carry audio and files as data", () => {
    const wav: Part = { type: "audio", url: "data:audio/wav;base64,AAAA" };
    const mp3: Part = { type: "audio", url: "data:audio/mpeg;base64,BBBB" };
    const pdf: Part = { type: "file", url: "data:application/pdf;base64,CCCC", name: "bill.pdf" };
    expect(wire({ role: "user", parts: [wav, mp3, pdf, { type: "file", url: pdf.url }] })).toEqual([
      {
        role: "user",
        content: [
          { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
          { type: "input_audio", input_audio: { data: "BBBB", format: "mp3" } },
          { type: "file", file: { file_data: pdf.url, filename: "bill.pdf" } },
          { type: "file", file: { file_data: pdf.url, filename: "file" } },
        ],
      },
    ]);
  });

  it("of the turn under way carry their thoughts where the service wants them back", () => {
    const thought: Part = { type: "reasoning", text: "hm" };
    const call: Part = { type: "tool-call", id: "a", name: "f", input: {} };
    const messages: PromptMessage[] = [
      says("Hi"),
      { role: "assistant", parts: [thought, text("Hello")] },
      says("And?"),
      { role: "assistant", parts: [thought, call] },
      { role: "tool", parts: [{ type: "tool-result", id: "a", output: "x" }] },
    ];
    const sent = (returnReasoning?: OpenAIOptions["returnReasoning"]): unknown[] =>
      body(messages, {}, returnReasoning && { returnReasoning }).messages;
    expect(sent()[3]).not.toHaveProperty("reasoning");
    expect(sent("reasoning")[1]).toEqual({ role: "assistant", content: "Hello" });
    expect(sent("reasoning")[3]).toMatchObject({ role: "assistant", content: null, reasoning: "hm" });
    expect(sent("reasoning_content")[3]).toMatchObject({ reasoning_content: "hm" });
    expect(sent("reasoning_details")[3]).toMatchObject({
      reasoning_details: [{ type: "reasoning.text", text: "hm" }],
    });
  });
});

describe("settings", () => {
  const all: ModelSettings = {
    temperature: 0,
    topP: 0.5,
    maxTokens: 9,
    stop: ["\n"],
    topK: 3,
    presencePenalty: 1,
    frequencyPenalty: -1,
    seed: 7,
    effort: "low",
  };

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
      presence_penalty: 1,
      frequency_penalty: -1,
      seed: 7,
      reasoning_effort: "low",
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

describe("effort", () => {
  it.each<[model: string, settings: ModelSettings, sent: string | undefined]>([
    ["gpt-5-mini", { effort: "none" }, "minimal"],
    ["gpt-5-mini", { thinking: false }, "minimal"],
    ["gpt-5-mini", { thinking: true }, undefined],
    ["gpt-5-2025-08-07", { effort: "max" }, "high"],
    ["gpt-5-pro", { effort: "low" }, "high"],
    ["gpt-5.1", { effort: "minimal" }, "low"],
    ["gpt-5.1", { thinking: false, effort: "high" }, "high"],
    ["gpt-5.1-codex", { effort: "none" }, "low"],
    ["gpt-5.1-codex-max", { effort: "xhigh" }, "xhigh"],
    ["gpt-5.5", { effort: "none" }, "none"],
    ["gpt-6.1-sol", { effort: "none" }, "low"],
    ["o4-mini", { effort: "xhigh" }, "high"],
    ["gpt-4.1", { effort: "high" }, undefined],
    ["gpt-5.2-chat-latest", { effort: "high" }, undefined],
    ["something-new", { effort: "xhigh" }, "xhigh"],
  ])("of %s for %j is %s", (model, settings, sent) => {
    const official = resolveOptions({ model, apiKey: "sk-1" });
    expect(toBody({ messages: [], settings }, official).reasoning_effort).toBe(sent);
  });
});

describe("tools and formats", () => {
  const inputSchema = { type: "object", properties: {} };
  const asked = (more: Partial<GenerateRequest>): RequestBody =>
    toBody({ messages: [], settings: {}, ...more }, resolveOptions({ model: "m", baseURL: "http://localhost/v1" }));

  it("go by the protocol's names", () => {
    const tools = [
      { name: "f", description: "Does f", inputSchema, strict: true },
      { name: "g", inputSchema },
    ];
    expect(asked({ tools, toolChoice: { tool: "f" } })).toMatchObject({
      tools: [
        { type: "function", function: { name: "f", description: "Does f", parameters: inputSchema, strict: true } },
        { type: "function", function: { name: "g", parameters: inputSchema } },
      ],
      tool_choice: { type: "function", function: { name: "f" } },
    });
    expect(
      asked({ responseFormat: { type: "json-schema", name: "n", schema: inputSchema, strict: true } }),
    ).toMatchObject({
      response_format: { type: "json_schema", json_schema: { name: "n", schema: inputSchema, strict: true } },
    });
  });

  it("are left out where there are none, the choice with them", () => {
    const body = asked({ tools: [], toolChoice: "required" });
    expect(body).not.toHaveProperty("tools");
    expect(body).not.toHaveProperty("tool_choice");
  });
});

describe("counting tokens", () => {
  it("is a quarter of the characters and 4 for each message", () => {
    expect(estimateTokens([])).toBe(0);
    expect(estimateTokens([says("12345678"), says("123456789")])).toBe(4 + 2 + 4 + 3);
  });

  it("counts calls and results, media by their estimate, and no reasoning", () => {
    const image: Part = { type: "image", url: `data:image/png;base64,${"A".repeat(1e6)}` };
    expect(estimateTokens([{ role: "user", parts: [image] }])).toBe(1604);
    const parts: Part[] = [
      { type: "reasoning", text: "a long thought" },
      { type: "tool-call", id: "a", name: "name", input: {} },
      { type: "tool-result", id: "a", output: "12" },
    ];
    expect(estimateTokens([{ role: "assistant", parts }])).toBe(4 + 2);
  });
});
