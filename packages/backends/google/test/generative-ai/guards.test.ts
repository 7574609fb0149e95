import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { fileURLToPath } from "node:url";
import { inspect, promisify } from "node:util";
import { GoogleGenerativeAI, type ModelParams, type RequestOptions } from "@google/generative-ai";
import { describe, expect, it, vi } from "vitest";
import { ChatError, type ErrorCode, type ModelBackend } from "@parlor/core";
import { generativeAi, type GenerativeAiOptions } from "@parlor/google/generative-ai";
import {
  blockedPrompt,
  errorBody,
  errorInfo,
  failure,
  fakeGoogle,
  functionCall,
  parts,
  retryInfo,
  text,
  thoughts,
  type FakeGoogle,
  type FakeGoogleOptions,
  type GeminiReply,
} from "@parlor/testkit/google";
import { ask, cleanUp, says } from "../support.ts";

interface Setting {
  readonly fake: FakeGoogle;
  readonly backend: ModelBackend;
}

async function setUp(
  fakeOptions: FakeGoogleOptions = {},
  options: GenerativeAiOptions = {},
  params: Partial<ModelParams> = {},
  requestOptions: RequestOptions = {},
): Promise<Setting> {
  const fake = await fakeGoogle(fakeOptions);
  const client = new GoogleGenerativeAI("AIza-held");
  const model = client.getGenerativeModel(
    { model: "gemini-2.5-flash", ...params },
    { baseUrl: fake.url, ...requestOptions },
  );
  const backend = generativeAi(model, { retries: 0, ...options });
  cleanUp(async () => {
    await backend.close();
    await fake.close();
  });
  return { fake, backend };
}

const answerTo = async (reply: GeminiReply) => ask((await setUp({ reply })).backend);
const stalled: GeminiReply = { steps: text("begun", "never"), wire: { cut: { at: 400, how: "stall" } } };

describe("the worst streams", () => {
  const run = (how: string) =>
    promisify(execFile)(process.execPath, [fileURLToPath(new URL("worst-streams.ts", import.meta.url)), how]);

  it("leave the process alone, and are errors of ours or answers", async () => {
    const { stdout } = await run("guarded");
    const { asked, outcomes } = JSON.parse(stdout) as { asked: number; outcomes: Record<string, number> };
    expect(Object.values(outcomes).reduce((sum, count) => sum + count)).toBe(asked);
    const ours: readonly string[] = [
      "stop",
      "content-filter",
      "upstream_truncated",
      "upstream_invalid",
      "backend_overloaded",
      "backend_error",
      "backend_unavailable",
      "content_filter",
    ];
    expect(Object.keys(outcomes).filter((outcome) => !ours.includes(outcome))).toEqual([]);
  });

  it("end a process that uses the SDK as its documentation does", async () => {
    await expect(run("bare")).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("GoogleGenerativeAI") });
  });
});

describe("guards", () => {
  it("tell thoughts from the answer, which `text()` would mix", async () => {
    expect(await answerTo({ steps: [...thoughts("Hm"), ...text("Yes")] })).toMatchObject({
      reasoning: "Hm",
      text: "Yes",
    });
  });

  it.each(["SAFETY", "RECITATION", "LANGUAGE"])(
    "keep what was said before %s, where `text()` throws",
    async (finish) => {
      const { text: said, finish: reason, error } = await answerTo({ steps: text("a"), finish });
      expect([said, reason, error]).toEqual(["a", finish === "LANGUAGE" ? "other" : "content-filter", undefined]);
    },
  );

  it("tell of a blocked prompt", async () => {
    const { events, error } = await answerTo(blockedPrompt());
    expect([error?.code, events]).toEqual([
      "content_filter",
      [{ type: "usage", usage: { inputTokens: 10, outputTokens: 0 } }],
    ]);
  });

  it("make an error of an error that comes as a chunk", async () => {
    const { text: said, error } = await answerTo({
      steps: [...text("a"), { chunk: errorBody(503, "UNAVAILABLE", "MARK") }],
      finish: null,
    });
    expect([said, error?.code]).toEqual(["a", "backend_overloaded"]);
    expect(inspect(error, { depth: 9 })).not.toContain("MARK");
  });

  it("do not take an end without a reason for an end", async () => {
    expect(await answerTo({ steps: text("a"), finish: null })).toMatchObject({
      text: "a",
      finish: undefined,
      error: { code: "upstream_truncated" },
    });
  });

  it("keep signatures, which the SDK's whole response drops", async () => {
    const steps = [functionCall("f", {}, { signature: "s" }), ...parts({ text: "x", thoughtSignature: "t" })];
    const { events } = await answerTo({ steps });
    expect(events).toMatchObject([
      { type: "tool-call", meta: { google: { thoughtSignature: "s" } } },
      { type: "text", meta: { google: { thoughtSignature: "t" } } },
      { type: "finish" },
      { type: "usage" },
    ]);
  });

  it("do not ask with a signal that has aborted already", async () => {
    const { fake, backend } = await setUp();
    expect(await ask(backend, {}, AbortSignal.abort())).toMatchObject({ events: [], error: undefined });
    expect(fake.requests).toHaveLength(0);
  });

  it("end the upstream with the loop, with the signal and with the backend", async () => {
    const { fake, backend } = await setUp({ reply: stalled });
    const request = { messages: [says("Hi")], settings: {} };
    const { signal } = new AbortController();
    for await (const batch of backend.generate(request, signal)) {
      expect(batch).toEqual([{ type: "text", text: "begun" }]);
      break;
    }
    const stop = new AbortController();
    const stopped = ask(backend, {}, stop.signal);
    await fake.request(1);
    stop.abort();
    expect(await stopped).toMatchObject({ error: undefined });
    const closed = ask(backend);
    await fake.request(2);
    await backend.close();
    expect((await closed).error?.code).toMatch(/upstream_truncated|backend_timeout/);
    for (const index of [0, 1, 2]) expect(await (await fake.request(index)).closed).toBe("aborted");
    for (const used of [signal, stop.signal]) expect(getEventListeners(used, "abort")).toEqual([]);
    expect((await ask(backend)).error?.code).toBe("draining");
  });

  it("print nothing", async () => {
    const printed = (["log", "warn", "error"] as const).map((level) => vi.spyOn(console, level));
    await answerTo({ steps: [functionCall("f", {}), ...text("a")] });
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });
});

describe("failures", () => {
  it.each<[what: string, reply: GeminiReply, code: ErrorCode, retryAfterMs?: number]>([
    ["a wrong key", failure(400, "INVALID_ARGUMENT", { details: [errorInfo("API_KEY_INVALID")] }), "backend_auth"],
    ["a wrong key in words", failure(400, "INVALID_ARGUMENT", { message: "API key not valid." }), "backend_auth"],
    ["a rate", failure(429, "RESOURCE_EXHAUSTED", { details: [retryInfo("3s")] }), "backend_rate_limited", 3000],
    ["overload", failure(503, "UNAVAILABLE", { message: "MARK" }), "backend_overloaded"],
    ["no JSON", { status: 500, body: "MARK" }, "backend_error"],
  ])("of %s are told without what the SDK quotes", async (_, reply, code, retryAfterMs) => {
    const { error } = await answerTo(reply);
    expect([error?.code, error?.retryAfterMs]).toEqual([code, retryAfterMs]);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/MARK|127\.0\.0\.1|AIza/);
  });

  it("of a record that is no JSON make no sense, and are not quoted", async () => {
    const { error } = await answerTo({ steps: [{ raw: "data: MARK\n\n" }] });
    expect(error?.code).toBe("upstream_invalid");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("MARK");
  });

  it("of the model object's own time limit are that", async () => {
    const { backend } = await setUp({ reply: { delayMs: 60_000 } }, {}, {}, { timeout: 50 });
    expect((await ask(backend)).error?.code).toBe("backend_timeout");
  });
});

describe("the model object", () => {
  it("gives its name, and what calls do not say", async () => {
    const { fake, backend } = await setUp(
      {},
      { settings: { topK: 7 }, extraBody: { labels: { a: "b" } } },
      {
        generationConfig: { temperature: 0.5, topK: 1 },
        systemInstruction: "Be brief.",
        safetySettings: [],
        tools: [{ codeExecution: {} }],
      },
      { apiVersion: "v1", customHeaders: { "x-own": "yes" } },
    );
    expect(backend.info).toMatchObject({ provider: "gcp.gemini", model: "gemini-2.5-flash", contextWindow: 1_048_576 });
    await ask(backend, { settings: { maxTokens: 9 } });
    const { path, headers, body } = await fake.request(0);
    expect(path).toBe("/v1/models/gemini-2.5-flash:streamGenerateContent");
    expect(headers).toMatchObject({ "x-goog-api-key": "AIza-held", "x-own": "yes" });
    expect(body).toMatchObject({
      generationConfig: { temperature: 0.5, topK: 7, maxOutputTokens: 9, thinkingConfig: { includeThoughts: true } },
      systemInstruction: { parts: [{ text: "Be brief." }] },
      tools: [{ codeExecution: {} }],
      labels: { a: "b" },
    });
  });

  it("has to be one", () => {
    const client = new GoogleGenerativeAI("k");
    expect(() => generativeAi(client as never)).toThrow("getGenerativeModel");
    expect(() => generativeAi(client.getGenerativeModel({ model: "m" }), { retries: -1 })).toThrow("retries");
  });
});

describe("limits, which cannot be guarded from outside", () => {
  it("a comment makes the SDK read to the end and give up: the answer is lost, and that is told", async () => {
    const { error, text: said } = await answerTo({ steps: [{ comment: "ping" }, ...text("a")] });
    expect([error?.code, said]).toEqual(["upstream_truncated", ""]);
  });

  it("an event without end waits for whoever ends the call", async () => {
    const reply: GeminiReply = { steps: text("begun"), finish: null, wire: { endless: "data: x" } };
    const { fake, backend } = await setUp({ reply });
    const stop = new AbortController();
    let said = "";
    for await (const batch of backend.generate({ messages: [says("Hi")], settings: {} }, stop.signal)) {
      for (const event of batch) if (event.type === "text") said += event.text;
      stop.abort();
    }
    expect(said).toBe("begun");
    expect(await (await fake.request(0)).closed).toBe("aborted");
  });

  it("a redirect is followed", async () => {
    const { fake, backend } = await setUp();
    fake.next({ status: 307, headers: { location: "/v1beta/models/other:streamGenerateContent?alt=sse" }, body: "" });
    const { error } = await ask(backend);
    expect(ChatError.isInstance(error)).toBe(false);
    expect(fake.requests).toHaveLength(2);
  });
});
