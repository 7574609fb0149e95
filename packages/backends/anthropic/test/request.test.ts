import { describe, expect, it } from "vitest";
import type { GenerateRequest, ModelSettings, Part, PromptMessage } from "@parlor/core";
import type { AnthropicOptions } from "@parlor/anthropic";
import { resolveOptions } from "../src/options.ts";
import { toBody, type RequestBody } from "../src/request.ts";
import { ask, pair, says } from "./support.ts";

function body(request: Partial<GenerateRequest> = {}, options: Partial<AnthropicOptions> = {}): RequestBody {
  const resolved = resolveOptions({ model: "claude-sonnet-4-6", baseURL: "http://localhost", ...options });
  return toBody({ messages: [says("Hi")], settings: {}, ...request }, resolved);
}

const text = (said: string): Part => ({ type: "text", text: said });
const call = (id: string, input: unknown): Part => ({ type: "tool-call", id, name: "f", input });
const result = (id: string, output: unknown, isError = false): Part => ({
  type: "tool-result",
  id,
  output,
  ...(isError && { isError }),
});
const assistant = (...parts: Part[]): PromptMessage => ({ role: "assistant", parts });
const tool = (...parts: Part[]): PromptMessage => ({ role: "tool", parts });
const system = (said: string): PromptMessage => ({ role: "system", parts: [text(said)] });
const tools = [{ name: "f", inputSchema: { type: "object" } }] as const;

describe("messages", () => {
  const wire = (...messages: PromptMessage[]): unknown => body({ messages }).messages;

  it("keep their order, with the system prompt apart", () => {
    expect(
      body({
        messages: [system("Be kind."), says("Hi"), assistant(text("Hello"), text(".")), says("Bye"), system("Now.")],
      }),
    ).toMatchObject({
      system: "Be kind.\n\nNow.",
      messages: [
        { role: "user", content: [{ type: "text", text: "Hi" }] },
        {
          role: "assistant",
          content: [
            { type: "text", text: "Hello" },
            { type: "text", text: "." },
          ],
        },
        { role: "user", content: [{ type: "text", text: "Bye" }] },
      ],
    });
  });

  it("take turns, and hold no text that is white space: both are refused", () => {
    expect(wire(says("One"), assistant({ type: "reasoning", text: "hm" }, text(" \n")), says("Two"))).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "One" },
          { type: "text", text: "Two" },
        ],
      },
    ]);
    expect(body({ messages: [system("  "), says("Hi")] })).not.toHaveProperty("system");
  });

  it("carry images and files, by address or as data", () => {
    const url = (type: "image" | "file", address: string, more = {}): Part => ({ type, url: address, ...more });
    const content = (part: Part): unknown =>
      (wire({ role: "user", parts: [part] }) as { content: unknown[] }[])[0]?.content[0];
    expect(content(url("image", "https://a.example/b.png"))).toEqual({
      type: "image",
      source: { type: "url", url: "https://a.example/b.png" },
    });
    expect(content(url("image", "data:image/PNG;base64,AAAA"))).toEqual({
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "AAAA" },
    });
    expect(content(url("file", "https://a.example/b.pdf", { name: "b.pdf" }))).toEqual({
      type: "document",
      source: { type: "url", url: "https://a.example/b.pdf" },
      title: "b.pdf",
    });
    expect(content(url("file", "data:application/pdf;base64,AAAA"))).toMatchObject({
      source: { type: "base64", media_type: "application/pdf", data: "AAAA" },
    });
    expect(content(url("file", "data:text/csv;charset=utf-8;base64,R3LDtsOfZSwx"))).toEqual({
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "Größe,1" },
    });
  });

  it.each<[string, Part]>([
    ["audio", { type: "audio", url: "data:audio/wav;base64,AAAA" }],
    ["TIFF", { type: "image", url: "data:image/tiff;base64,AAAA" }],
    ["a ZIP", { type: "file", url: "data:application/zip;base64,AAAA" }],
    ["a path", { type: "file", url: "file:///etc/passwd" }],
  ])("that the protocol has no place for are refused, with nobody asked: %s", async (_, part) => {
    const { fake, backend } = await pair({}, { retries: 2 });
    const outcome = await ask(backend, { messages: [{ role: "user", parts: [part] }] });
    expect(outcome.error?.code).toBe("invalid_request");
    expect(fake.requests).toHaveLength(0);
  });

  it("carry calls and their results, all of one step in one message of the user", () => {
    const expected = [
      { role: "user", content: [{ type: "text", text: "Hi" }] },
      {
        role: "assistant",
        content: [
          { type: "text", text: "Let me see" },
          { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
          { type: "tool_use", id: "b_0", name: "f", input: { input: "{" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "a", content: '{"y":2}' },
          { type: "tool_result", tool_use_id: "b_0", content: "bad", is_error: true },
        ],
      },
      { role: "assistant", content: [{ type: "text", text: "Done" }] },
    ];
    const calls = [text("Let me see"), call("a", { x: 1 }), call("b:0", "{")];
    const results = [result("a", { y: 2 }), result("b:0", "bad", true)];
    expect(wire(says("Hi"), assistant(...calls), tool(...results), assistant(text("Done")))).toEqual(expected);
    expect(wire(says("Hi"), assistant(...calls), ...results.map((one) => tool(one)), assistant(text("Done")))).toEqual(
      expected,
    );
    expect(wire(says("Hi"), assistant(...calls, ...results, text("Done")))).toEqual(expected);
  });
});

describe("thoughts", () => {
  const sealed = (said: string, seal: { [field: string]: string }): Part => ({
    type: "reasoning",
    text: said,
    meta: { anthropic: seal },
  });
  const step = [
    assistant(
      sealed("hm", { signature: "c2ln" }),
      sealed("", { redacted: "eHh4" }),
      text("Let me see"),
      sealed("", { signature: "bm9uZQ" }),
      call("a", {}),
    ),
    tool(result("a", 1)),
  ];

  it("go back verbatim and in their place within the turn that thought them", () => {
    const { messages, thinking } = body({ messages: [says("Hi"), ...step], tools, settings: { thinking: true } });
    expect(messages[1]?.content).toEqual([
      { type: "thinking", thinking: "hm", signature: "c2ln" },
      { type: "redacted_thinking", data: "eHh4" },
      { type: "text", text: "Let me see" },
      { type: "thinking", thinking: "", signature: "bm9uZQ" },
      { type: "tool_use", id: "a", name: "f", input: {} },
    ]);
    expect(thinking).toMatchObject({ type: "adaptive" });
  });

  it("of earlier turns are left out: they are bound to what stood before them", () => {
    const { messages } = body({ messages: [says("Hi"), ...step, assistant(text("1")), says("And?")], tools });
    expect(messages[1]?.content).toEqual([
      { type: "text", text: "Let me see" },
      { type: "tool_use", id: "a", name: "f", input: {} },
    ]);
    expect(JSON.stringify(messages)).not.toContain("c2ln");
  });

  it("that were lost keep a model from thinking that would demand them back", () => {
    const unsealed: Part = { type: "reasoning", text: "hm", meta: { other: 1 } };
    const lost = [says("Hi"), assistant(unsealed, call("a", {})), tool(result("a", 1))];
    const asked = { messages: lost, tools, settings: { thinking: true } };
    expect(body(asked, { model: "claude-haiku-4-5" })).not.toHaveProperty("thinking");
    expect(body(asked, { model: "claude-sonnet-4-6" })).toHaveProperty("thinking");
  });
});

describe("tools", () => {
  const schema = { type: "object", properties: { n: { type: "integer", minimum: 1 } }, required: ["n"] } as const;

  it("go with their schemas; strict ones with what Anthropic can enforce of them", () => {
    const given = [
      { name: "a", description: "A", inputSchema: schema },
      { name: "b", inputSchema: schema, strict: true },
    ];
    expect(body({ tools: given }).tools).toEqual([
      { name: "a", description: "A", input_schema: schema },
      {
        name: "b",
        strict: true,
        input_schema: {
          type: "object",
          properties: { n: { type: "integer", description: "{minimum: 1}" } },
          required: ["n"],
          additionalProperties: false,
        },
      },
    ]);
  });

  it.each([
    [undefined, undefined],
    ["auto", { type: "auto" }],
    ["none", { type: "none" }],
    ["required", { type: "any" }],
    [{ tool: "f" }, { type: "tool", name: "f" }],
  ] as const)("are chosen: %j is %j", (toolChoice, expected) => {
    expect(body({ tools, ...(toolChoice && { toolChoice }) }).tool_choice).toEqual(expected);
  });

  it("that the conversation called are named where a call brings none, and none may be called", () => {
    const messages = [says("Hi"), assistant(call("a", {})), tool(result("a", 1)), assistant(text("1")), says("And?")];
    expect(body({ messages })).toMatchObject({
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "none" },
    });
    expect(body()).not.toHaveProperty("tools");
  });
});

describe("a format", () => {
  it("is a schema, in the part of JSON Schema that can be enforced", () => {
    const schema = { type: "object", properties: { a: { type: "string", maxLength: 3 } } } as const;
    expect(body({ responseFormat: { type: "json-schema", name: "x", schema } }).output_config).toEqual({
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          properties: { a: { type: "string", description: "{maxLength: 3}" } },
          additionalProperties: false,
        },
      },
    });
  });

  it.each([
    [{ type: "json" }, "unsupported_by_model"],
    [{ type: "json-schema", name: "x", schema: { properties: {} } }, "invalid_request"],
  ] as const)("that cannot be had is refused with nobody asked: %j", async (responseFormat, code) => {
    const { fake, backend } = await pair();
    expect((await ask(backend, { responseFormat })).error?.code).toBe(code);
    expect(fake.requests).toHaveLength(0);
  });
});

describe("settings", () => {
  const settings: ModelSettings = { temperature: 1.5, topP: 0.5, topK: 3, maxTokens: 9, stop: ["END", " "], seed: 1 };

  it("go by their names where the version has them; temperature to 1, and not together with top_p", () => {
    expect(body({ settings })).toEqual({
      model: "claude-sonnet-4-6",
      max_tokens: 9,
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      stream: true,
      temperature: 1,
      top_k: 3,
      stop_sequences: ["END"],
    });
    expect(body({ settings: { topP: 0.5 } })).toMatchObject({ top_p: 0.5 });
  });

  it.each<[string, Partial<AnthropicOptions>, ModelSettings]>([
    ["the version", { version: "2026-10-21" }, {}],
    ["the model", { model: "claude-opus-4-7", version: "2023-06-01" }, {}],
    ["its thoughts", {}, { thinking: true }],
  ])("of sampling are left out where %s has no place for them", (_, options, more) => {
    const made = body({ settings: { ...settings, ...more } }, options);
    for (const field of ["temperature", "top_p", "top_k"]) expect(made).not.toHaveProperty(field);
  });

  it("of the call win over the backend's, further fields over both", () => {
    const options = { settings: { maxTokens: 1, topK: 1 }, extraBody: { metadata: { user_id: "u" }, stream: false } };
    expect(body({ settings: { maxTokens: 2 } }, options)).toMatchObject({
      max_tokens: 2,
      top_k: 1,
      metadata: { user_id: "u" },
      stream: false,
    });
  });

  it("name no most tokens: as many as the model can", () => {
    expect(body().max_tokens).toBe(64_000);
    expect(body({}, { model: "claude-opus-5-5" }).max_tokens).toBe(128_000);
    expect(body({}, { model: "somebody-else" }).max_tokens).toBe(8192);
  });

  it("can keep the prompt in the provider's cache", () => {
    const cache_control = { type: "ephemeral", ttl: "1h" };
    expect(body({ messages: [system("Be kind."), says("Hi")] }, { cache: "1h" })).toMatchObject({
      system: [{ type: "text", text: "Be kind.", cache_control }],
      cache_control,
    });
  });
});
