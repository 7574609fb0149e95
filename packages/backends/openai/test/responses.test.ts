import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { ErrorCode, GenerateRequest, Json, Part, PromptMessage } from "@parlor/core";
import { openai, type OpenAIOptions } from "@parlor/openai";
import { toResponsesEvents, toResponsesRecord } from "@parlor/testkit/openai";
import { fakeProvider, type FakeProvider, type ProviderReply } from "@parlor/testkit/provider";
import { resolveOptions } from "../src/options.ts";
import { toResponsesBody, type ResponsesBody } from "../src/responses/request.ts";
import { ask, cleanUp, says, type Outcome } from "./support.ts";

type Event = { readonly [key: string]: Json };

const stream = { "content-type": "text/event-stream" };

/** Asks a fake that sends these records. */
async function answer(
  body: readonly string[],
  messages: readonly PromptMessage[] = [says("Hi")],
): Promise<Outcome & { fake: FakeProvider<ProviderReply> }> {
  const fake = await fakeProvider<ProviderReply>({ reply: { headers: stream, body }, render: (reply) => reply });
  const backend = openai({ model: "gpt-5", api: "responses", baseURL: `${fake.url}/v1`, retries: 0, apiKey: "sk-1" });
  cleanUp(async () => {
    await backend.close();
    await fake.close();
  });
  return { ...(await ask(backend, messages)), fake };
}

const record = (event: Event): string => `data: ${JSON.stringify(event)}\n\n`;
const text = (delta: string): string => record({ type: "response.output_text.delta", delta });
const ended = (response: Event, type = "response.completed"): string => record({ type, response });
const usage = { input_tokens: 5, output_tokens: 2 };
const completed = ended({ status: "completed", output: [], usage });

describe("a Responses stream", () => {
  it("ends with its terminal event alone: neither the body's end nor [DONE] is one", async () => {
    expect(await answer([text("a"), completed])).toMatchObject({ text: "a", finish: "stop", error: undefined });
    for (const end of [[], ["data: [DONE]\n\n"], [record({ type: "response.output_text.done", text: "a" })]]) {
      expect(await answer([text("a"), ...end])).toMatchObject({ text: "a", error: { code: "upstream_truncated" } });
    }
  });

  it.each<[reason: string, finish: string]>([
    ["max_output_tokens", "length"],
    ["content_filter", "content-filter"],
    ["max_messages", "other"],
    ["steered", "other"],
  ])("that is incomplete for %s finishes with %s", async (reason, finish) => {
    const end = ended({ status: "incomplete", incomplete_details: { reason }, usage }, "response.incomplete");
    const { events, error } = await answer([text("a"), end]);
    expect(error).toBeUndefined();
    expect(events.slice(1)).toEqual([
      { type: "finish", reason: finish },
      { type: "usage", usage: { inputTokens: 5, outputTokens: 2 } },
    ]);
  });

  it.each<[string, string, ErrorCode]>([
    [
      "response.failed",
      ended({ status: "failed", error: { code: "rate_limit_exceeded", message: "MARK" } }, "response.failed"),
      "backend_rate_limited",
    ],
    ["response.failed without a word", ended({ status: "failed" }, "response.failed"), "backend_error"],
    [
      "an error without its event's name",
      record({ type: "error", code: "server_error", message: "MARK", param: null }),
      "backend_error",
    ],
    [
      "an error under its event's name",
      `event: error\n${record({ code: "insufficient_quota", message: "MARK" })}`,
      "backend_quota",
    ],
    ["an error within an error", record({ type: "error", error: { type: "overloaded_error" } }), "backend_overloaded"],
    ["an error alone", record({ error: { code: "context_length_exceeded", message: "MARK" } }), "context_too_long"],
    ["a policy", ended({ error: { code: "bio_policy" } }, "response.failed"), "content_filter"],
    ["a prompt refused", ended({ error: { code: "invalid_prompt" } }, "response.failed"), "content_filter"],
    [
      "an image of no kind",
      ended({ error: { code: "invalid_image_format" } }, "response.failed"),
      "backend_bad_request",
    ],
    ["content of another kind", record({ type: "response.output_text.delta", delta: ["MARK"] }), "upstream_invalid"],
  ])("fails by %s", async (_, failing, code) => {
    const outcome = await answer([text("a"), failing, text("never"), completed]);
    expect(outcome).toMatchObject({ text: "a", finish: undefined, error: { code } });
    expect(inspect(outcome.error, { depth: 9, showHidden: true })).not.toContain("MARK");
  });

  it("tells a refusal as text, and that it was one", async () => {
    const refusal = record({ type: "response.refusal.delta", delta: "I won't" });
    expect(await answer([refusal, completed])).toMatchObject({ text: "I won't", finish: "content-filter" });
  });

  it("separates the summaries of its thoughts, and tells raw thoughts too", async () => {
    const part = (summary_index: number): string =>
      record({ type: "response.reasoning_summary_part.added", summary_index });
    const thought = (delta: string): string => record({ type: "response.reasoning_summary_text.delta", delta });
    expect((await answer([part(0), thought("a"), thought("b"), part(1), thought("c"), completed])).reasoning).toBe(
      "ab\n\nc",
    );
    expect((await answer([record({ type: "response.reasoning_text.delta", delta: "raw" }), completed])).reasoning).toBe(
      "raw",
    );
  });

  it("goes without the events of items where a server has none", async () => {
    const call = { type: "function_call", id: "fc", call_id: "c1", name: "f", arguments: '{"x":1}' };
    const message = { type: "message", content: [{ type: "output_text", text: "Hello" }] };
    const end = ended({ status: "completed", output: [message, call], usage });
    const { events } = await answer([record({ type: "response.created" }), end]);
    expect(events.slice(0, 3)).toEqual([
      { type: "text", text: "Hello" },
      { type: "tool-call", id: "c1", name: "f", input: { x: 1 } },
      { type: "finish", reason: "tool-calls" },
    ]);
  });

  it("lets events pass that it does not know, hosted tools' among them", async () => {
    const others = [{ type: "response.web_search_call.searching" }, { type: "response.new.thing", delta: "no" }, {}];
    expect(await answer([...others.map(record), text("a"), completed])).toMatchObject({ text: "a", finish: "stop" });
  });

  it("calls no tool without a name, and none twice", async () => {
    const item = { type: "function_call", call_id: "c1", name: "f", arguments: "" };
    const done = record({ type: "response.output_item.done", item });
    const { events } = await answer([done, done, ended({ status: "completed", output: [item] })]);
    expect(events).toEqual([
      { type: "tool-call", id: "c1", name: "f", input: {} },
      { type: "finish", reason: "tool-calls" },
    ]);
    const unnamed = record({ type: "response.output_item.done", item: { ...item, name: "" } });
    expect((await answer([unnamed, completed])).error?.code).toBe("upstream_invalid");
  });

  it("may come in one piece", async () => {
    const fake = await fakeProvider<ProviderReply>({
      reply: { headers: { "content-type": "application/json" }, body: "" },
      render: (reply) => reply,
    });
    const backend = openai({ model: "m", api: "responses", baseURL: `${fake.url}/v1`, retries: 0 });
    cleanUp(async () => {
      await backend.close();
      await fake.close();
    });
    const whole = async (response: Event): Promise<Outcome> => {
      fake.next({ headers: { "content-type": "application/json" }, body: JSON.stringify(response) });
      return ask(backend);
    };
    const events = toResponsesEvents({ said: [{ text: "Hel" }, { text: "lo" }] });
    const { response } = events.at(-1) as { response: Event };
    expect(await whole(response)).toMatchObject({ text: "Hello", finish: "stop", error: undefined });
    const failed = { status: "failed", error: { code: "server_error" } };
    expect((await whole(failed)).error?.code).toBe("backend_error");
    expect((await whole({ status: "in_progress", output: [] })).error?.code).toBe("upstream_invalid");
  });
});

describe("thoughts", () => {
  const said = [
    { reasoning: "hm" },
    { text: "Let me see" },
    { call: { id: "c1", name: "f", fragments: ["{}"] } },
  ] as const;

  /** The first answer's parts as the engine stores them. */
  const partsOf = ({ events }: Outcome): Part[] =>
    events.filter((event) => event.type !== "finish" && event.type !== "usage");

  it("go back encrypted between tool calls, in their place, with results by call_id", async () => {
    const first = await answer(toResponsesEvents({ said }).map(toResponsesRecord));
    const history: PromptMessage[] = [
      says("Hi"),
      { role: "assistant", parts: partsOf(first) },
      { role: "tool", parts: [{ type: "tool-result", id: "c1", output: { y: 2 } }] },
    ];
    const { fake } = await answer([text("a"), completed], history);
    expect((await fake.request(0)).body).toMatchObject({
      store: false,
      include: ["reasoning.encrypted_content"],
      input: [
        { role: "user", content: "Hi" },
        {
          type: "reasoning",
          id: "rs_0",
          summary: [{ type: "summary_text", text: "hm" }],
          encrypted_content: "gAAAA-0",
        },
        { role: "assistant", content: "Let me see" },
        { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "c1", output: '{"y":2}' },
      ],
    });
  });

  it("go to no other model, and not where nothing follows them", async () => {
    const item = { type: "reasoning", id: "rs", summary: [], encrypted_content: "x" };
    const thought = (model: string): Part => ({ type: "reasoning", text: "", meta: { openai: { model, item } } });
    const sent = async (...parts: Part[]): Promise<unknown> => {
      const { fake } = await answer([completed], [says("Hi"), { role: "assistant", parts }, says("And?")]);
      return (await fake.request(0)).body?.["input"];
    };
    const rest = [{ role: "user" }, { role: "assistant", content: "a" }, { role: "user" }];
    expect(await sent(thought("gpt-5-mini"), { type: "text", text: "a" })).toMatchObject(rest);
    expect(await sent({ type: "text", text: "a" }, thought("gpt-5"))).toMatchObject(rest);
    expect(await sent(thought("gpt-5"))).toMatchObject([{ role: "user", content: "Hi\n\nAnd?" }]);
  });

  it("leave a message's phase with it", async () => {
    const item = { type: "message", id: "m", role: "assistant", phase: "commentary", content: [] };
    const done = record({ type: "response.output_item.done", item });
    const first = await answer([text("Looking"), done, completed]);
    const { fake } = await answer([completed], [says("Hi"), { role: "assistant", parts: partsOf(joined(first)) }]);
    expect((await fake.request(0)).body?.["input"]).toMatchObject([
      { role: "user" },
      { role: "assistant", content: "Looking", phase: "commentary" },
    ]);
  });

  /** The engine joins texts, and what goes back stays with the text before it. */
  const joined = (outcome: Outcome): Outcome => {
    const meta = outcome.events.find((event) => event.meta)?.meta;
    return { ...outcome, events: [{ type: "text", text: outcome.text, ...(meta && { meta }) }] };
  };
});

describe("a Responses request", () => {
  const body = (request: Partial<GenerateRequest>, options: Partial<OpenAIOptions> = {}): ResponsesBody =>
    toResponsesBody(
      { messages: [says("Hi")], settings: {}, ...request },
      resolveOptions({ model: "gpt-5-mini", api: "responses", apiKey: "sk-1", ...options }),
    );
  const inputSchema = { type: "object", properties: {} };

  it("has its own names for settings, tools and formats", () => {
    const settings = { temperature: 0, topP: 0.5, maxTokens: 9, seed: 7, presencePenalty: 1, effort: "high" } as const;
    const system: PromptMessage = { role: "system", parts: [{ type: "text", text: "Be kind." }] };
    const tools = [{ name: "f", inputSchema }];
    const responseFormat = { type: "json-schema", name: "n", schema: inputSchema, strict: true } as const;
    const request = { messages: [system, says("Hi")], settings, tools, toolChoice: { tool: "f" }, responseFormat };
    expect(body(request, { extraBody: { service_tier: "flex" } })).toEqual({
      model: "gpt-5-mini",
      instructions: "Be kind.",
      input: [{ role: "user", content: "Hi" }],
      stream: true,
      store: false,
      include: ["reasoning.encrypted_content"],
      reasoning: { effort: "high" },
      temperature: 0,
      top_p: 0.5,
      max_output_tokens: 9,
      tools: [{ type: "function", name: "f", parameters: inputSchema, strict: false }],
      tool_choice: { type: "function", name: "f" },
      text: { format: { type: "json_schema", name: "n", schema: inputSchema, strict: true } },
      service_tier: "flex",
    });
  });

  it("asks for thoughts of models that have some, for summaries when told to think", () => {
    expect(body({}, { model: "gpt-4.1" })).not.toHaveProperty("include");
    expect(body({ settings: { effort: "high" } }, { model: "gpt-4.1" })).not.toHaveProperty("reasoning");
    expect(body({ settings: { thinking: true } }).reasoning).toEqual({ summary: "auto" });
    expect(body({ settings: { thinking: false } }).reasoning).toEqual({ effort: "minimal" });
  });

  it("cannot stop at a word, and says so instead of running past it", () => {
    expect(() => body({ settings: { stop: ["END"] } })).toThrow("stop");
  });

  it("carries images and files, as data or by address, and no audio", () => {
    const parts: Part[] = [
      { type: "text", text: "What?" },
      { type: "image", url: "data:image/png;base64,AAAA" },
      { type: "image", url: "https://example.com/a.png" },
      { type: "file", url: "data:application/pdf;base64,BBBB", name: "a.pdf" },
      { type: "file", url: "https://example.com/a.pdf" },
    ];
    expect(body({ messages: [{ role: "user", parts }] }).input).toEqual([
      {
        role: "user",
        content: [
          { type: "input_text", text: "What?" },
          { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" },
          { type: "input_image", image_url: "https://example.com/a.png", detail: "auto" },
          { type: "input_file", file_data: "data:application/pdf;base64,BBBB", filename: "a.pdf" },
          { type: "input_file", file_url: "https://example.com/a.pdf" },
        ],
      },
    ]);
    const audio: Part = { type: "audio", url: "data:audio/wav;base64,AAAA" };
    expect(() => body({ messages: [{ role: "user", parts: [audio] }] })).toThrow("takes no audio");
  });
});
