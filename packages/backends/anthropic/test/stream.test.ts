import { describe, expect, it } from "vitest";
import type { Json } from "@parlor/core";
import {
  errorEvent,
  ping,
  redactedThinking,
  text,
  thinking,
  toolUse,
  type FakeReply,
  type Step,
} from "@parlor/testkit/anthropic";
import type { AnthropicOptions } from "@parlor/anthropic";
import { Events } from "../src/events.ts";
import { ask, pair, type Outcome } from "./support.ts";

const tools = [{ name: "f", inputSchema: { type: "object" } }] as const;

async function answer(reply: FakeReply, options: Partial<AnthropicOptions> = {}, offer = true): Promise<Outcome> {
  const { backend } = await pair({ reply }, options);
  return ask(backend, offer ? { tools } : {});
}

const record = (json: { readonly type: string }): string => `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
const said = (...pieces: string[]): string =>
  pieces.map((piece) => record(delta({ type: "text_delta", text: piece }))).join("");
const delta = (one: object) => ({ type: "content_block_delta", index: 0, delta: one });

describe("a stream", () => {
  it("gives text, then finish, then usage", async () => {
    const { events, error } = await answer({
      steps: [text("Hel", "lo")],
      usage: { input: 7, output: 2, cacheWritten: 5, cacheRead: 3, thinking: 1 },
    });
    expect(error).toBeUndefined();
    expect(events).toEqual([
      { type: "text", text: "Hello" },
      { type: "finish", reason: "stop" },
      { type: "usage", usage: { inputTokens: 15, outputTokens: 2, cachedInputTokens: 3, reasoningTokens: 1 } },
    ]);
  });

  it("has counts that are the whole so far: the last ones are taken, nothing is added up", () => {
    const events = new Events("x", true, false);
    const usage = (counts: object) => ({ type: "message_delta", delta: {}, usage: counts });
    events.feed(record({ type: "message_start", message: { usage: { input_tokens: 5, output_tokens: 1 } } } as never));
    events.feed(record(usage({ output_tokens: 20, input_tokens: null, cache_read_input_tokens: 0 })));
    const last = { ...usage({ output_tokens: 30 }), delta: { stop_reason: "end_turn" } };
    expect(events.feed(record(last)).at(-1)).toEqual({
      type: "usage",
      usage: { inputTokens: 5, outputTokens: 30, cachedInputTokens: 0 },
    });
  });

  it("gives one text event for all text of a read, or one per token when told", () => {
    expect(new Events("x", true, false).feed(said("a", "b", "c"))).toEqual([{ type: "text", text: "abc" }]);
    expect(new Events("x", false, false).feed(said("a", "b", "c"))).toHaveLength(3);
  });

  it.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "tool-calls"],
    ["refusal", "content-filter"],
    ["of_tomorrow", "other"],
  ])("maps the reason %s to %s", async (stopReason, reason) => {
    expect((await answer({ steps: [text("a")], stopReason })).finish).toBe(reason);
  });

  it("is no answer where the service's own tools paused; what came is kept, and what it took is told", async () => {
    const block = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} };
    const reply: FakeReply = {
      steps: [text("I look."), { block, deltas: [] }],
      stopReason: "pause_turn",
      usage: { input: 7, output: 2 },
    };
    for (const stream of [true, false]) {
      const { text: said, events, error, finish } = await answer(reply, { extraBody: { stream } });
      expect([said, finish, error?.code]).toEqual(["I look.", undefined, "upstream_truncated"]);
      expect(error?.message).toBe("anthropic paused its own tools before its answer was done.");
      expect(events.at(-1)).toMatchObject({ type: "usage", usage: { inputTokens: 7, outputTokens: 2 } });
    }
  });

  it("lets pings, comments, and events, blocks and deltas of tomorrow pass", async () => {
    const tomorrow: Step[] = [
      ping(),
      { comment: "keep-alive" },
      { json: { type: "of_tomorrow", delta: { text: "never" } } },
      { block: { type: "of_tomorrow", text: "never" }, deltas: [{ type: "of_tomorrow", text: "never" }] },
      { block: { type: "server_tool_use", id: "s", name: "web_search", input: {} }, deltas: [] },
      { block: { type: "text", text: "" }, deltas: [{ type: "citations_delta", citation: { cited_text: "never" } }] },
      text("b"),
    ];
    expect(await answer({ steps: [text("a"), ...tomorrow] })).toMatchObject({ text: "ab", finish: "stop" });
  });

  it("is understood without event names, which the SDK would drop, and with text in a block's start", async () => {
    const bare = (json: { readonly [field: string]: Json }): Step => ({ json, event: null });
    const outcome = await answer({
      steps: [
        bare({ type: "content_block_start", index: 0, content_block: { type: "text", text: "a" } }),
        bare({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "b" } }),
        bare({ type: "message_delta", delta: { stop_reason: "max_tokens" } }),
      ],
      stopReason: null,
    });
    expect(outcome).toMatchObject({ text: "ab", finish: "length", error: undefined });
  });

  it("is whole with message_stop alone, and not with the [DONE] of other protocols", async () => {
    const stop: Step = { json: { type: "message_stop" } };
    expect(await answer({ steps: [text("a"), stop], stopReason: null })).toMatchObject({ text: "a", finish: "stop" });
    const done: Step = { raw: "data: [DONE]\n\n" };
    expect((await answer({ steps: [text("a"), done], stopReason: null })).error?.code).toBe("upstream_truncated");
  });

  it("that ends without a reason was cut, however it ends", async () => {
    for (const how of ["end", "fin", "reset"] as const) {
      const reply = { steps: [text("a"), toolUse("t", "f", '{"rm":"-rf"}')], stopReason: null };
      const outcome = await answer({ ...reply, wire: { cut: { at: 1e6, how } } });
      expect(outcome.error?.code).toBe("upstream_truncated");
      expect(outcome.events.filter(({ type }) => type !== "text")).toEqual([]);
    }
  });

  it("may come as one JSON", async () => {
    const message = {
      type: "message",
      content: [
        { type: "thinking", thinking: "hm", signature: "c2ln" },
        { type: "text", text: "Yes" },
        { type: "tool_use", id: "t", name: "f", input: { x: 1 } },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 1, output_tokens: 2 },
    };
    const reply = (body: unknown) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    expect((await answer(reply(message))).events).toEqual([
      { type: "reasoning", text: "hm", meta: { anthropic: { signature: "c2ln" } } },
      { type: "text", text: "Yes" },
      { type: "tool-call", id: "t", name: "f", input: { x: 1 } },
      { type: "finish", reason: "tool-calls" },
      { type: "usage", usage: { inputTokens: 1, outputTokens: 2 } },
    ]);
    expect((await answer(reply({ ...message, stop_reason: null }))).error?.code).toBe("upstream_invalid");
    const error = { type: "error", error: { type: "overloaded_error", message: "MARK" } };
    expect((await answer(reply(error))).error?.code).toBe("backend_overloaded");
  });
});

describe("thoughts", () => {
  const steps = [thinking("c2ln", "h", "m"), redactedThinking("eHh4"), thinking("bm9uZQ"), text("Yes")];

  it("come as reasoning, sealed with what must go back: each block of them on its own", async () => {
    expect((await answer({ steps })).events.slice(0, 4)).toEqual([
      { type: "reasoning", text: "hm", meta: { anthropic: { signature: "c2ln" } } },
      { type: "reasoning", text: "", meta: { anthropic: { redacted: "eHh4" } } },
      { type: "reasoning", text: "", meta: { anthropic: { signature: "bm9uZQ" } } },
      { type: "text", text: "Yes" },
    ]);
  });

  it("need no seal where no tools are on offer", async () => {
    const { events } = await answer({ steps }, {}, false);
    expect(events.slice(0, 2)).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "Yes" },
    ]);
  });

  it("are sealed also where they come read by read", async () => {
    const { events, reasoning } = await answer({ steps, wire: { perWrite: 1 } });
    expect(reasoning).toBe("hm");
    expect(events.find(({ meta }) => meta !== undefined)).toMatchObject({
      type: "reasoning",
      meta: { anthropic: { signature: "c2ln" } },
    });
  });
});

describe("tool calls", () => {
  const calls = (outcome: Outcome): unknown[] => outcome.events.filter((event) => event.type === "tool-call");

  it("are put together from their fragments and come whole, before finish", async () => {
    const outcome = await answer({
      steps: [text("Let me see"), toolUse("a", "weather", '{"ci', 'ty":"Köln"}'), toolUse("b", "time")],
    });
    expect(outcome.events.map(({ type }) => type)).toEqual(["text", "tool-call", "tool-call", "finish", "usage"]);
    expect(outcome.finish).toBe("tool-calls");
    expect(calls(outcome)).toEqual([
      { type: "tool-call", id: "a", name: "weather", input: { city: "Köln" } },
      { type: "tool-call", id: "b", name: "time", input: {} },
    ]);
  });

  it("keep input that is no JSON as the text it is", async () => {
    const outcome = await answer({ steps: [toolUse("a", "f", '{"x":')], stopReason: "max_tokens" });
    expect(calls(outcome)).toMatchObject([{ input: '{"x":' }]);
    expect(outcome.finish).toBe("length");
  });

  it("may come with their input at the start, without an id, and never be closed", async () => {
    const block = { type: "tool_use", name: "f", input: { x: 1 } };
    const outcome = await answer({
      steps: [
        { json: { type: "content_block_start", index: 0, content_block: block } },
        { json: { type: "content_block_start", index: 1, content_block: block } },
      ],
      stopReason: "end_turn",
    });
    expect(calls(outcome)).toEqual([
      { type: "tool-call", id: "toolu_0", name: "f", input: { x: 1 } },
      { type: "tool-call", id: "toolu_1", name: "f", input: { x: 1 } },
    ]);
    expect(outcome.finish).toBe("tool-calls");
  });

  it("make no sense without a name, and have an end", async () => {
    expect((await answer({ steps: [toolUse("a", "")] })).error?.code).toBe("upstream_invalid");
    const piece = "x".repeat(1_000_000);
    expect((await answer({ steps: [toolUse("a", "f", piece, piece, piece, piece, piece)] })).error?.code).toBe(
      "answer_too_long",
    );
  });
});

describe("an error inside an answer", () => {
  it.each([
    ["overloaded_error", "backend_overloaded"],
    ["rate_limit_error", "backend_rate_limited"],
    ["api_error", "backend_error"],
    ["timeout_error", "backend_timeout"],
    ["authentication_error", "backend_auth"],
    ["permission_error", "backend_auth"],
    ["billing_error", "backend_quota"],
    ["not_found_error", "backend_bad_request"],
    ["invalid_request_error", "backend_bad_request"],
    ["conflict_error", "backend_error"],
    ["error_of_tomorrow", "backend_error"],
  ])("%s is %s, after what came before it", async (type, code) => {
    const outcome = await answer({ steps: [text("Hel", "lo"), errorEvent(type, "MARK"), text("never")] });
    expect(outcome).toMatchObject({ text: "Hello", finish: undefined, error: { code } });
    expect(outcome.error?.message).not.toContain("MARK");
  });

  it.each<[string, Step]>([
    ["under its event name alone", { raw: 'event: error\ndata: {"error":{"type":"overloaded_error"}}\n\n' }],
    ["under its type alone", { raw: 'data: {"type":"error","error":{"type":"overloaded_error"}}\n\n' }],
  ])("is found %s", async (_, step) => {
    expect((await answer({ steps: [text("a"), step] })).error?.code).toBe("backend_overloaded");
  });

  it.each<[string, Step]>([
    ["null", { raw: "event: message_delta\ndata: null\n\n" }],
    ["text that is no text", { block: { type: "text", text: "" }, deltas: [{ type: "text_delta", text: ["MARK"] }] }],
    ["half a JSON", { raw: 'event: message_delta\ndata: {"MARK\n\n' }],
  ])("is what makes no sense: %s", async (_, step) => {
    const { error } = await answer({ steps: [text("a"), step] });
    expect(error?.code).toBe("upstream_invalid");
    expect(String(error?.cause)).not.toContain("MARK");
  });
});
