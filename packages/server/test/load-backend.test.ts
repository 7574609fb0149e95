import { expect, onTestFinished, test } from "vitest";
import { fakeAnthropic } from "@parlor/testkit/anthropic";
import { fakeGoogle } from "@parlor/testkit/google";
import { fakeInference } from "@parlor/testkit/inference";
import { fakeOpenAI } from "@parlor/testkit/openai";
import { loadBackend } from "../src/load-backend.ts";
import { StartError } from "../src/start-error.ts";
import { serve } from "./support/serve.ts";

async function answerOf(url: string): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: "Hello", session_id: "s" }),
  });
  return response.json();
}

test("MODEL_TYPE=anthropic asks Anthropic, with its key", async () => {
  const fake = await fakeAnthropic();
  onTestFinished(fake.close);
  const { url } = await serve({
    PORT: "0",
    MODEL_TYPE: "anthropic",
    ANTHROPIC_API_KEY: "sk-ant",
    ANTHROPIC_BASE_URL: fake.url,
    MODEL_NAME: "claude-sonnet-4-6",
    TEMPERATURE: "0.3",
    SYSTEM_PROMPT: "Be kind.",
  });
  expect(await answerOf(url)).toMatchObject({ message: "Hello from the fake.", model_name: "claude-sonnet-4-6" });
  expect(fake.requests[0]).toMatchObject({
    path: "/v1/messages",
    headers: { authorization: "Bearer sk-ant" },
    body: { model: "claude-sonnet-4-6", system: "Be kind.", temperature: 0.3 },
  });
  const health = (await (await fetch(`${url}/health`)).json()) as { llm_provider: string };
  expect(health.llm_provider).toBe("anthropic");
});

test("MODEL_TYPE=google asks Google, with its key", async () => {
  const fake = await fakeGoogle();
  onTestFinished(fake.close);
  const { url } = await serve({
    PORT: "0",
    MODEL_TYPE: "google",
    GOOGLE_API_KEY: "AIza",
    GOOGLE_BASE_URL: fake.url,
    TOP_K: "7",
    SYSTEM_PROMPT: "Be kind.",
  });
  expect(await answerOf(url)).toMatchObject({ message: "Hello from the fake.", model_name: "gemini-3.8-flash" });
  expect(fake.requests[0]).toMatchObject({
    path: "/v1/models/gemini-3.8-flash:streamGenerateContent",
    headers: { "x-goog-api-key": "AIza" },
    body: { systemInstruction: { parts: [{ text: "Be kind." }] }, generationConfig: { topK: 7 } },
  });
  const health = (await (await fetch(`${url}/health`)).json()) as { llm_provider: string };
  expect(health.llm_provider).toBe("google");
});

test.each<[type: string, variables: Record<string, string>, sent: object]>([
  ["openai", { OPENAI_API_KEY: "sk" }, {}],
  ["groq", { GROQ_API_KEY: "sk" }, { max_completion_tokens: 9 }],
  ["minimax", { MINIMAX_API_KEY: "sk", MODEL_NAME: "MiniMax-M2.7" }, { max_tokens: 9, reasoning_split: true }],
  ["hf_api", { HF_API_TOKEN: "sk" }, { max_tokens: 9 }],
  ["ollama", {}, { max_tokens: 9 }],
  ["openai_compatible", {}, { max_tokens: 9 }],
])("MODEL_TYPE=%s asks that service its own way", async (type, variables, sent) => {
  const fake = await fakeOpenAI();
  onTestFinished(fake.close);
  const address = {
    openai: "OPENAI_BASE_URL",
    groq: "GROQ_BASE_URL",
    minimax: "MINIMAX_API_URL",
    hf_api: "HF_INFERENCE_URL",
    ollama: "OLLAMA_BASE_URL",
  };
  const { url } = await serve({
    PORT: "0",
    MODEL_TYPE: type,
    MODEL_NAME: "m",
    MAX_TOKENS: "9",
    [address[type as keyof typeof address] ?? "OPENAI_BASE_URL"]: fake.url,
    ...variables,
  });
  expect(await answerOf(url)).toMatchObject({ message: "Hello from the fake." });
  expect((await fake.request(0)).body).toMatchObject(sent);
});

test("MODEL_TYPE=inference asks the inference service, with the internal key", async () => {
  const fake = await fakeInference({ apiKey: "internal" });
  onTestFinished(fake.close);
  const { url } = await serve({
    PORT: "0",
    MODEL_TYPE: "inference",
    INFERENCE_SERVICE_URL: fake.url,
    INTERNAL_API_KEY: "internal",
    MODEL_NAME: "large",
  });
  expect(await answerOf(url)).toMatchObject({ message: "Hello from the fake.", model_name: "large" });
  expect(fake.requests[0]).toMatchObject({ path: "/generate", body: { model_tag: "large" } });
  const models: unknown = await (await fetch(`${url}/api/models`)).json();
  expect(models).toEqual({ current_model: "small", models: ["small", "large"] });
});

test("a service that cannot be had stops the start with a sentence", async () => {
  const choice = { provider: "x", spelled: "x", model: "m" } as const;
  for (const kind of ["openai", "anthropic", "google", "inference"] as const) {
    const loading = loadBackend({ kind, ...choice, baseUrl: "http://user:SECRET@host" });
    const error: unknown = await loading.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    expect((error as Error).message).toMatch(/`baseURL` must not hold credentials/);
  }
});
