import { describe, expect, it, vi } from "vitest";
import {
  blockedPrompt,
  errorBody,
  functionCall,
  parts,
  text,
  thoughts,
  type GeminiReply,
  type GeminiStep,
} from "@parlor/testkit/google";
import { ask, pair, type Outcome } from "./support.ts";

async function answerTo(reply: GeminiReply): Promise<Outcome> {
  const { backend } = await pair({ reply });
  return ask(backend);
}

const chunk = (json: object): GeminiStep => ({ chunk: json as never });

describe("an answer", () => {
  it("tells text and thoughts apart, and prints nothing", async () => {
    const printed = (["log", "warn", "error", "debug"] as const).map((level) => vi.spyOn(console, level));
    const outcome = await answerTo({ steps: [...thoughts("Let me", " see"), ...text("It", " is")] });
    expect(outcome.batches).toEqual([
      [
        { type: "reasoning", text: "Let me see" },
        { type: "text", text: "It is" },
        { type: "finish", reason: "stop" },
        { type: "usage", usage: { inputTokens: 10, outputTokens: 4 } },
      ],
    ]);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  it("is one event a part where that is asked for", async () => {
    const { backend } = await pair({ reply: { steps: text("a", "b") } }, { coalesce: false });
    expect((await ask(backend)).events.slice(0, 2)).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ]);
  });

  it("has several parts in a chunk, other kinds among them, and other candidates", async () => {
    const candidates = [
      { index: 1, content: { parts: [{ text: "another" }] }, finishReason: "STOP" },
      {
        index: 0,
        content: {
          parts: [
            { text: "a" },
            { executableCode: { language: "PYTHON", code: "1+1" } },
            { inlineData: { mimeType: "image/png", data: "iVBO" } },
            { text: "b" },
          ],
        },
      },
    ];
    expect(await answerTo({ steps: [chunk({ candidates })] })).toMatchObject({ text: "ab", finish: "stop" });
  });

  it("may lack everything that is not needed", async () => {
    const steps = [{}, { candidates: null }, { candidates: [{}] }, { candidates: [{ content: {} }] }].map(chunk);
    const { events, error } = await answerTo({ steps: [...steps, ...text("a")], usage: null });
    expect(events).toEqual([
      { type: "text", text: "a" },
      { type: "finish", reason: "stop" },
    ]);
    expect(error).toBeUndefined();
  });

  it("may come as an array of chunks in JSON, from who does not know alt=sse", async () => {
    const chunks = ["a", "b"].map((piece) => ({ candidates: [{ content: { parts: [{ text: piece }] } }] }));
    const last = { candidates: [{ finishReason: "STOP" }], usageMetadata: { promptTokenCount: 1 } };
    const headers = { "content-type": "application/json; charset=UTF-8" };
    const whole = await answerTo({ headers, body: JSON.stringify([...chunks, last], undefined, 2) });
    expect(whole).toMatchObject({ text: "ab", finish: "stop", error: undefined });
    const half = await answerTo({ headers, body: JSON.stringify(chunks) });
    expect(half.error?.code).toBe("upstream_invalid");
    const within = { "content-type": "text/event-stream" };
    const mislabelled = await answerTo({ headers: within, body: JSON.stringify([...chunks, last], undefined, 2) });
    expect(mislabelled).toMatchObject({ text: "ab", finish: "stop", error: undefined });
  });

  it("goes on after a last record without its blank line", async () => {
    const { events, error } = await answerTo({
      steps: [{ raw: `data: ${JSON.stringify({ candidates: [{ finishReason: "STOP" }] })}` }],
      finish: null,
    });
    expect([events, error]).toEqual([[{ type: "finish", reason: "stop" }], undefined]);
  });
});

describe("the reason to finish", () => {
  it.each([
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["CONTINUATION", "length"],
    ["SAFETY", "content-filter"],
    ["RECITATION", "content-filter"],
    ["BLOCKLIST", "content-filter"],
    ["PROHIBITED_CONTENT", "content-filter"],
    ["SPII", "content-filter"],
    ["IMAGE_SAFETY", "content-filter"],
    ["LANGUAGE", "other"],
    ["OTHER", "other"],
    ["TOO_MANY_TOOL_CALLS", "other"],
    ["SOMETHING_NEW", "other"],
  ])("%s is %s, with what was said before", async (finish, reason) => {
    expect(await answerTo({ steps: text("a"), finish })).toMatchObject({ text: "a", finish: reason, error: undefined });
  });

  it.each(["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"])(
    "%s is a failure that may pass: there is no answer",
    async (finish) => {
      const { error, text: said } = await answerTo({ steps: text("a"), finish });
      expect([error?.code, error?.retryable, said]).toEqual(["upstream_invalid", true, "a"]);
    },
  );

  it.each(["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "JAILBREAK"])(
    "of a prompt that was blocked for %s: nothing was generated, and the prompt is counted",
    async (blockReason) => {
      const { events, error } = await answerTo(blockedPrompt(blockReason));
      expect(events).toEqual([{ type: "usage", usage: { inputTokens: 10, outputTokens: 0 } }]);
      expect(error?.code).toBe("content_filter");
    },
  );

  it("never said means that the answer broke off, whatever the SDK would make of it", async () => {
    const { backend, fake } = await pair({ reply: { steps: text("a"), finish: null } }, { retries: 2 });
    expect(await ask(backend)).toMatchObject({ text: "a", finish: undefined, error: { code: "upstream_truncated" } });
    expect(fake.requests).toHaveLength(1);
  });

  it("never said is not asked for anew by a continuation token: one call is one request", async () => {
    const candidates = [{ content: { parts: [{ text: "a" }] }, continuationToken: "more" }];
    const { backend, fake } = await pair({ reply: { steps: [chunk({ candidates })], finish: null } });
    expect((await ask(backend)).error?.code).toBe("upstream_truncated");
    expect(fake.requests).toHaveLength(1);
  });
});

describe("usage", () => {
  it("is the last running total: cached tokens are in the prompt's, thoughts are not in the candidates'", async () => {
    const usage = { prompt: 1200, candidates: 40, cached: 1000, thoughts: 300 };
    expect((await answerTo({ steps: text("a", "b"), usage })).events.at(-1)).toEqual({
      type: "usage",
      usage: { inputTokens: 1200, outputTokens: 340, cachedInputTokens: 1000, reasoningTokens: 300 },
    });
  });

  it("counts what Google's own tools brought as input", async () => {
    const usageMetadata = { promptTokenCount: 5, toolUsePromptTokenCount: 100, candidatesTokenCount: 1 };
    const steps = [chunk({ candidates: [{ finishReason: "STOP" }], usageMetadata })];
    const { events } = await answerTo({ steps, finish: null });
    expect(events.at(-1)).toMatchObject({ usage: { inputTokens: 105, outputTokens: 1 } });
  });

  it("may come after the reason to finish, with which the answer is whole", async () => {
    const last = chunk({ usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4 } });
    const finishing = chunk({ candidates: [{ content: { parts: [{ text: "a" }] }, finishReason: "STOP" }] });
    const { events } = await answerTo({ steps: [finishing, last], finish: null });
    expect(events).toEqual([
      { type: "text", text: "a" },
      { type: "finish", reason: "stop" },
      { type: "usage", usage: { inputTokens: 3, outputTokens: 4 } },
    ]);
  });

  it("counts once, and nothing else counts after the end", async () => {
    const { events } = await answerTo({
      steps: [...text("a"), chunk({ candidates: [{ finishReason: "STOP" }] }), ...text("b")],
    });
    expect(events.map(({ type }) => type)).toEqual(["text", "finish", "usage"]);
  });
});

describe("function calls", () => {
  it("come whole, each with an id, and finish as such although Google says STOP", async () => {
    const steps = [functionCall("a", { n: 1 }, { id: "g-1" }), functionCall("b", {}), functionCall("b", { x: null })];
    const { events } = await answerTo({ steps: [...text("Wait"), ...steps] });
    const [, first, second, third, finish] = events;
    expect(first).toEqual({
      type: "tool-call",
      id: "g-1",
      name: "a",
      input: { n: 1 },
      meta: { google: { id: "g-1" } },
    });
    expect(second).toEqual({ type: "tool-call", id: expect.stringMatching(/^call_[\w-]{36}$/), name: "b", input: {} });
    expect(third).toMatchObject({ input: { x: null } });
    expect((third as { id: string }).id).not.toBe((second as { id: string }).id);
    expect(finish).toEqual({ type: "finish", reason: "tool-calls" });
  });

  it("without arguments have none, and without a name make no sense", async () => {
    expect((await answerTo({ steps: parts({ functionCall: { name: "a" } }) })).events[0]).toMatchObject({ input: {} });
    expect((await answerTo({ steps: parts({ functionCall: { args: {} } }) })).error?.code).toBe("upstream_invalid");
  });

  it("are bounded together", async () => {
    const steps = Array.from({ length: 10 }, () => functionCall("a", { text: "x".repeat(500_000) }));
    expect((await answerTo({ steps })).error?.code).toBe("answer_too_long");
  });
});

describe("a failure in mid-stream", () => {
  const bare = `${JSON.stringify(errorBody(503, "UNAVAILABLE", "MARK", []), undefined, 2)}\n`;

  it.each([
    ["in a record", `data: ${JSON.stringify(errorBody(503, "UNAVAILABLE", "MARK"))}\n\n`],
    ["as bare JSON over several lines", bare],
    ["as a bare array", `[${bare}]\n`],
    ["on one line", `${JSON.stringify(errorBody(503, "UNAVAILABLE", "MARK"))}`],
  ])("%s is told, however it is cut", async (_, raw) => {
    for (const split of [1, 7, 10_000]) {
      const reply = { steps: [...text("a"), { raw }], finish: null, wire: { lineEnd: "\n", split } } as const;
      const { error, text: said } = await answerTo(reply);
      expect([said, error?.code]).toEqual(["a", "backend_overloaded"]);
      expect(error?.message).not.toContain("MARK");
    }
  });

  it.each([
    ["that never ends", '{"a":'.repeat(10_000)],
    ["that is none", "{not json}\n"],
  ])("as bare JSON %s is none", async (_, raw) => {
    const { error } = await answerTo({ steps: [...text("a"), { raw }], finish: null });
    expect(["upstream_invalid", "upstream_truncated"]).toContain(error?.code);
  });

  it("is not taken from what the model says", async () => {
    const said = '\n{"error":{"code":503}}\r\n[1]';
    expect(await answerTo({ steps: text(said), wire: { split: 1 } })).toMatchObject({ text: said, finish: "stop" });
  });
});
