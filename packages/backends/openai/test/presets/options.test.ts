import { afterEach, describe, expect, it, vi } from "vitest";
import type { ModelBackend, ModelSettings } from "@parlor/core";
import {
  groq,
  huggingface,
  llamaServer,
  minimax,
  ollama,
  openai,
  openaiCompatible,
  openrouter,
  vllm,
  type OpenAIOptions,
} from "@parlor/openai";
import { fakeOpenAI } from "@parlor/testkit/openai";
import { ask, cleanUp } from "../support.ts";
import type { Preset } from "./support.ts";

type Body = { readonly [field: string]: unknown };

/** What a preset asks for with these settings. */
async function asked(preset: Preset, model: string, settings: ModelSettings = {}): Promise<Body> {
  const fake = await fakeOpenAI();
  const backend = preset({ model, baseURL: fake.url, retries: 0 });
  cleanUp(async () => {
    await backend.close();
    await fake.close();
  });
  await ask(backend, "Hi", settings);
  const {
    model: _model,
    messages: _messages,
    stream: _stream,
    stream_options: _options,
    ...fields
  } = (await fake.request(0)).body ?? {};
  return fields;
}

describe("a preset's key", () => {
  afterEach(() => vi.unstubAllEnvs());
  const model = "m";

  it.each<[variable: string, preset: (options: OpenAIOptions) => ModelBackend]>([
    ["GROQ_API_KEY", groq],
    ["MINIMAX_API_KEY", minimax],
    ["HF_TOKEN", huggingface],
    ["HF_API_TOKEN", huggingface],
    ["OPENROUTER_API_KEY", openrouter],
  ])("is %s, and has to be there", async (variable, preset) => {
    for (const name of ["GROQ_API_KEY", "MINIMAX_API_KEY", "HF_TOKEN", "HF_API_TOKEN", "OPENROUTER_API_KEY"]) {
      vi.stubEnv(name, "");
    }
    expect(() => preset({ model })).toThrow("no API key");
    vi.stubEnv(variable, "sk-canary");
    await preset({ model }).close();
    const elsewhere = await fakeOpenAI();
    const backend = preset({ model, baseURL: elsewhere.url, retries: 0 });
    await ask(backend);
    expect((await elsewhere.request(0)).headers.authorization, "goes nowhere else").toBeUndefined();
    await backend.close();
    await elsewhere.close();
  });

  it("goes to Ollama's cloud alone", async () => {
    vi.stubEnv("OLLAMA_API_KEY", "");
    await ollama({ model }).close();
    expect(() => ollama({ model, baseURL: "https://ollama.com/v1" })).toThrow("OLLAMA_API_KEY");
  });

  it.each([
    "https://api.openai.com/v1",
    "https://acme.openai.azure.com/openai/v1",
    "https://api.groq.com/openai/v1",
    "https://api.minimax.io/v1",
    "https://router.huggingface.co/v1",
    "https://openrouter.ai/api/v1",
    "https://ollama.com/v1",
  ])("has to be given to a service that is known to need one, by whichever way it is asked: %s", async (baseURL) => {
    for (const name of ["OPENAI_API_KEY", "GROQ_API_KEY", "OLLAMA_API_KEY"]) vi.stubEnv(name, "");
    for (const preset of [openaiCompatible, openai, vllm, ollama])
      expect(() => preset({ model, baseURL })).toThrow("no API key");
    const { hostname } = new URL(baseURL);
    expect(() => openaiCompatible({ model, baseURL })).toThrow(
      `openai_compatible: no API key; ${hostname} needs one: pass \`apiKey\``,
    );
    for (const given of [{ apiKey: "sk-1" }, { headers: { "API-Key": "sk-1" } }, { fetch }])
      await openaiCompatible({ model, baseURL, ...given }).close();
  });

  it.each(["http://localhost:11434/v1", "http://192.168.0.9:8000/v1", "https://models.example.com/v1"])(
    "is not needed anywhere else: %s",
    (baseURL) => {
      for (const preset of [openaiCompatible, openai, vllm, llamaServer, ollama])
        expect(preset({ model, baseURL }).info.baseUrl).toBe(baseURL);
    },
  );

  it("is never OpenAI's", async () => {
    vi.stubEnv("OPENAI_API_KEY", "sk-canary");
    const fake = await fakeOpenAI();
    const backend = openaiCompatible({ model, baseURL: fake.url, retries: 0 });
    await ask(backend);
    expect((await fake.request(0)).headers.authorization).toBeUndefined();
    expect(backend.info).toMatchObject({ provider: "openai_compatible", model });
    await backend.close();
    await fake.close();
    expect(() => openaiCompatible({ model } as Parameters<typeof openaiCompatible>[0])).toThrow("`baseURL` is missing");
  });
});

describe("settings of", () => {
  const all: ModelSettings = { temperature: 1.5, topK: 5, maxTokens: 9, effort: "max" };
  it.each<[name: string, preset: Preset, model: string, settings: ModelSettings, sent: Body]>([
    [
      "groq's gpt-oss",
      groq,
      "openai/gpt-oss-120b",
      all,
      { temperature: 1.5, max_completion_tokens: 9, reasoning_effort: "high" },
    ],
    ["groq's qwen", groq, "qwen/qwen3-32b", { thinking: false }, { reasoning_effort: "none" }],
    ["groq's qwen, thinking", groq, "qwen/qwen3-32b", { effort: "low" }, { reasoning_effort: "default" }],
    ["groq's llama", groq, "llama-3.3-70b-versatile", { effort: "high" }, {}],
    ["minimax M2", minimax, "MiniMax-M2.7", all, { temperature: 1, max_tokens: 9, reasoning_split: true }],
    ["minimax M2, cold", minimax, "MiniMax-M2.7", { temperature: 0 }, { temperature: 0.01, reasoning_split: true }],
    [
      "minimax M3, not thinking",
      minimax,
      "MiniMax-M3",
      { thinking: false },
      { reasoning_split: true, thinking: { type: "disabled" } },
    ],
    [
      "minimax M3, thinking",
      minimax,
      "MiniMax-M3",
      { effort: "low" },
      { reasoning_split: true, thinking: { type: "adaptive" } },
    ],
    [
      "minimax M3.1 Flash",
      minimax,
      "MiniMax-M3.1-Flash-Preview",
      { effort: "xhigh" },
      { reasoning_split: true, reasoning_effort: "max" },
    ],
    ["huggingface", huggingface, "a/b", { effort: "low", maxTokens: 9 }, { reasoning_effort: "low", max_tokens: 9 }],
    ["ollama", ollama, "qwen3", all, { temperature: 1.5, max_tokens: 9, reasoning_effort: "high" }],
    ["ollama, not thinking", ollama, "qwen3", { thinking: false }, { reasoning_effort: "none" }],
    [
      "vllm",
      vllm,
      "m",
      all,
      {
        temperature: 1.5,
        top_k: 5,
        max_tokens: 9,
        reasoning_effort: "high",
        chat_template_kwargs: { enable_thinking: true },
      },
    ],
    ["vllm, not thinking", vllm, "m", { effort: "none" }, { chat_template_kwargs: { enable_thinking: false } }],
    ["llama-server", llamaServer, "m", { thinking: true }, { chat_template_kwargs: { enable_thinking: true } }],
    [
      "openrouter",
      openrouter,
      "openai/gpt-5",
      { topK: 3, effort: "max" },
      { usage: { include: true }, top_k: 3, reasoning: { effort: "xhigh" } },
    ],
    [
      "openrouter, thinking",
      openrouter,
      "m",
      { thinking: true },
      { usage: { include: true }, reasoning: { enabled: true } },
    ],
    [
      "openrouter, not thinking",
      openrouter,
      "m",
      { thinking: false },
      { usage: { include: true }, reasoning: { effort: "none" } },
    ],
    ["openai's at another address", openai, "gpt-5", { thinking: false, maxTokens: 9 }, { max_tokens: 9 }],
  ])("%s", async (_, preset, model, settings, sent) => {
    expect(await asked(preset, model, settings)).toEqual(sent);
  });
});

describe("prices", () => {
  const of = (model: string, more: Partial<OpenAIOptions> = {}): unknown =>
    openai({ model, apiKey: "sk-1", ...more }).info.prices;

  it("are known of OpenAI's own models, by name and by snapshot", () => {
    expect(of("gpt-5-mini")).toEqual({ input: 0.25, cachedInput: 0.025, output: 2, asOf: "2026-08-23" });
    expect(of("gpt-5-2025-08-07")).toEqual(of("gpt-5"));
    expect(of("gpt-6.1-sol")).toMatchObject({ asOf: "2026-10-05" });
    expect(of("constructor")).toBeUndefined();
    expect(of("gpt-5-mini", { baseURL: "http://localhost/v1" })).toBeUndefined();
  });

  it("are higher for long prompts, where a model takes them", () => {
    const above = { inputTokens: 272_000, input: 5, cachedInput: 0.5, output: 22.5 };
    expect(of("gpt-5.4")).toMatchObject({ input: 2.5, above });
    for (const model of ["gpt-6-luna", "gpt-6.1-sol", "gpt-5.6-terra", "gpt-5.5"])
      expect(of(model)).toHaveProperty("above.inputTokens", 272_000);
    for (const model of ["gpt-5.4-mini", "gpt-5", "gpt-4.1"]) expect(of(model)).not.toHaveProperty("above");
  });

  it("may be given", () => {
    const prices = { input: 1, output: 2, asOf: "2026-11-25" };
    expect(of("m", { baseURL: "http://localhost/v1", prices })).toEqual(prices);
  });
});
