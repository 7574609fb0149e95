import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { ChatError, type BackendEvent, type ErrorCode, type GenerateRequest, type PromptMessage } from "@parlor/core";
import { inference, type InferenceBackend, type InferenceOptions } from "@parlor/inference";
import { done, failure, fakeInference, tokens, type FakeInferenceOptions } from "@parlor/testkit/inference";
import { fakeProvider } from "@parlor/testkit/provider";
import { nodeFetch } from "@parlor/wire";
import { serviceModels } from "../src/models.ts";
import { resolveOptions } from "../src/options.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const key = "internal-key-0123456789";
const { signal } = new AbortController();
const user = (text: string): PromptMessage => ({ role: "user", parts: [{ type: "text", text }] });

async function pair(fakeOptions: FakeInferenceOptions = {}, options: Partial<InferenceOptions> = {}) {
  const fake = await fakeInference({ apiKey: key, ...fakeOptions });
  const backend = inference({ baseURL: fake.url, apiKey: key, retries: 0, ...options });
  cleanups.push(
    () => fake.close(),
    () => backend.close(),
  );
  return { fake, backend };
}

async function ask(backend: InferenceBackend, request: Partial<GenerateRequest> = {}) {
  const events: BackendEvent[] = [];
  try {
    for await (const batch of backend.generate({ messages: [user("Hi")], settings: {}, ...request }, signal)) {
      events.push(...batch);
    }
    return { events, error: undefined };
  } catch (error) {
    if (!ChatError.isInstance(error)) throw error;
    return { events, error };
  }
}

describe("a call", () => {
  it("asks for a tag, with the key, settings by their names, and text in turns", async () => {
    const { fake, backend } = await pair({}, { model: "large", settings: { topP: 0.5, maxTokens: 1 } });
    const failed: PromptMessage = { role: "assistant", parts: [] };
    const called: PromptMessage = {
      role: "assistant",
      parts: [
        { type: "text", text: "One" },
        { type: "tool-call", id: "a", name: "f", input: {} },
      ],
    };
    const result: PromptMessage = { role: "tool", parts: [{ type: "tool-result", id: "a", output: 1 }] };
    const settings = { maxTokens: 9, temperature: 0, topK: 3, stop: ["END"], thinking: true };
    const system: PromptMessage = { role: "system", parts: [{ type: "text", text: "Be kind." }] };
    await ask(backend, { messages: [system, user("Hi"), called, result, user("A"), failed, user("B")], settings });
    expect(fake.requests[0]).toMatchObject({
      method: "POST",
      path: "/generate",
      headers: { "x-internal-api-key": key },
    });
    expect(fake.requests[0]?.body).toEqual({
      model_tag: "large",
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "One" },
        { role: "user", content: "A\n\nB" },
      ],
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      max_tokens: 9,
      stop: ["END"],
      thinking_mode: true,
    });
  });

  it("gives tokens and thoughts, and what `done` tells", async () => {
    const usage = { prompt_tokens: 7, completion_tokens: 2 };
    const records = [{ reasoning: "hm" }, ...tokens("Hel", "lo"), { done: true, finish_reason: "length", usage }];
    const { backend } = await pair({ reply: { records } });
    expect((await ask(backend)).events).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "Hello" },
      { type: "finish", reason: "length" },
      { type: "usage", usage: { inputTokens: 7, outputTokens: 2 } },
    ]);
  });

  it("ends with a bare `done`, also beside a last token, and not before", async () => {
    const { fake, backend } = await pair();
    fake.next({ records: [...tokens("a"), done] }, { records: [{ token: "a", done: true }] }, { records: tokens("a") });
    const whole = [
      { type: "text", text: "a" },
      { type: "finish", reason: "stop" },
    ];
    expect((await ask(backend)).events).toEqual(whole);
    expect((await ask(backend)).events).toEqual(whole);
    expect((await ask(backend)).error?.code).toBe("upstream_truncated");
  });

  it.each<[string, { readonly [field: string]: string }, ErrorCode]>([
    ["a code of ours", { error: "MARK", code: "context_too_long" }, "context_too_long"],
    ["a code of its own", { error: "MARK", code: "constructor" }, "backend_error"],
    ["no code", { error: "MARK" }, "backend_error"],
  ])("fails with %s, after what came before", async (_, record, code) => {
    const { backend } = await pair({ reply: { records: [...tokens("a"), record, done] } });
    const { events, error } = await ask(backend);
    expect([events, error?.code]).toEqual([[{ type: "text", text: "a" }], code]);
    expect(inspect(error, { depth: 9 })).not.toContain("MARK");
  });

  it("is tried again while the service loads its model", async () => {
    const { fake, backend } = await pair({}, { retries: 1 });
    fake.next({ reply: failure(503, { error: "loading" }, { "retry-after": "0" }) });
    expect((await ask(backend)).error).toBeUndefined();
    expect(fake.requests).toHaveLength(2);
  });

  it("with another key is refused", async () => {
    const { backend } = await pair({}, { apiKey: "wrong" });
    const { error } = await ask(backend);
    expect(error).toMatchObject({ code: "backend_auth", message: expect.stringContaining("INTERNAL_API_KEY") });
  });
});

describe("models", () => {
  it("are those that the service tells of, in its words", async () => {
    const { fake, backend } = await pair();
    expect(await backend.models()).toEqual({ current_model: "small", models: ["small", "large"] });
    expect(fake.requests[0]?.headers["x-internal-api-key"]).toBe(key);
  });

  it("are swapped by tag, and one that is not there is not found", async () => {
    const { fake, backend } = await pair();
    await backend.swap("large");
    expect(fake.requests[0]).toMatchObject({ method: "POST", path: "/models/swap", body: { model_tag: "large" } });
    expect(await backend.models()).toMatchObject({ current_model: "large" });
    await expect(backend.swap("huge")).rejects.toMatchObject({ code: "unknown_model", status: 404 });
  });

  it("that cannot be asked for fail as a call does", async () => {
    const { fake, backend } = await pair({}, { apiKey: "wrong" });
    await expect(backend.models()).rejects.toMatchObject({ code: "backend_auth" });
    await fake.close();
    await expect(backend.swap("large")).rejects.toMatchObject({ code: "backend_unavailable" });
  });

  it("that come as something else make no sense", async () => {
    const proxy = await fakeProvider({ reply: { body: "<h1>MARK" }, render: (reply) => reply });
    const backend = inference({ baseURL: proxy.url, apiKey: key });
    cleanups.push(
      () => proxy.close(),
      () => backend.close(),
    );
    for (const body of ["<h1>MARK", '["MARK"]', "null"]) {
      proxy.next({ body });
      const error: unknown = await backend.models().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "upstream_invalid" });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("MARK");
    }
  });

  it("that do not come in time are given up, and the connection with them", async () => {
    const proxy = await fakeProvider({ reply: { delayMs: 60_000 }, render: (reply) => reply });
    const fetching = nodeFetch(1000);
    cleanups.push(proxy.close, async () => fetching.close());
    const slow = serviceModels(resolveOptions({ baseURL: proxy.url }), fetching, { models: 20, swap: 20 });
    await expect(slow.models()).rejects.toMatchObject({ code: "backend_timeout" });
    await expect(slow.swap("large")).rejects.toMatchObject({ code: "backend_timeout" });
    expect(await proxy.requests[1]?.closed).toBe("aborted");
  });

  it("of an address that is none are not there", async () => {
    const { fake } = await pair();
    const backend = inference({ baseURL: `${fake.url}/elsewhere`, apiKey: key });
    cleanups.push(() => backend.close());
    await expect(backend.models()).rejects.toMatchObject({ code: "backend_bad_request" });
  });
});

describe("options", () => {
  it("fill the model's card", () => {
    const { info } = inference({ baseURL: "http://127.0.0.1:1/v2/", contextWindow: 9, name: "farm" });
    expect(info).toMatchObject({ provider: "farm", model: "farm", contextWindow: 9, baseUrl: "http://127.0.0.1:1/v2" });
    expect(inference({ baseURL: "http://127.0.0.1:1", model: "large" }).info.model).toBe("large");
  });

  it.each<[string, Partial<InferenceOptions>]>([
    ["an address", { baseURL: "SECRET" }],
    ["credentials in the address", { baseURL: "https://user:SECRET@host" }],
    ["a line break in the key", { apiKey: "SECRET\nx" }],
    ["a line break in a header", { headers: { "x-key": "SECRET\r\n" } }],
    ["an empty tag", { model: "" }],
    ["time to connect", { connectMs: 0 }],
    ["a number of retries", { retries: 0.5 }],
  ])("are checked when the backend is made, with no secret told: %s", (_, options) => {
    let thrown: unknown;
    try {
      inference({ baseURL: "http://127.0.0.1:1", ...options });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain("SECRET");
  });
});
