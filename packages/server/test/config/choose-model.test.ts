import { expect, test } from "vitest";
import { chooseModel } from "../../src/config/choose-model.ts";
import { variables } from "../../src/config/variables.ts";

const choose = (environment: Record<string, string>) => chooseModel(variables.parse(environment));

test("nothing set: the demo", () => {
  expect(choose({})).toEqual({ choice: { kind: "demo" } });
});

test("MODEL_TYPE wins over LLM_PROVIDER, and both over keys", () => {
  const all = { OPENAI_API_KEY: "a", GROQ_API_KEY: "b", MODEL_NAME: "m", MODEL_PATH: "x.gguf" };
  expect(choose({ ...all, MODEL_TYPE: "openai", LLM_PROVIDER: "groq" })).toMatchObject({
    choice: { provider: "openai", apiKey: "a" },
  });
  expect(choose({ ...all, LLM_PROVIDER: "groq" })).toMatchObject({ choice: { provider: "groq", apiKey: "b" } });
  expect(choose({ ...all, MODEL_TYPE: "local" })).toMatchObject({ choice: { kind: "llama", path: "x.gguf" } });
});

test("a model may be fetched from where MODEL_URI says; a file that is there wins", () => {
  expect(choose({ MODEL_URI: "hf:a/b:Q4", HF_API_TOKEN: "t", MODEL_TYPE: "local" })).toEqual({
    choice: { kind: "llama", uri: "hf:a/b:Q4", device: "auto", token: "t" },
  });
  expect(choose({ MODEL_URI: "hf:a/b:Q4", HF_API_TOKEN: "t" })).toMatchObject({
    choice: { uri: "hf:a/b:Q4", token: "t" },
  });
  expect(choose({ MODEL_URI: "hf:a/b:Q4", MODEL_PATH: "x.gguf" })).toMatchObject({ choice: { path: "x.gguf" } });
  expect(choose({ MODEL_TYPE: "local" })).toEqual({ fault: expect.stringMatching(/MODEL_PATH .* or MODEL_URI/) });
});

test("a file named on purpose wins over a key in the environment", () => {
  expect(choose({ OPENAI_API_KEY: "a", MODEL_PATH: "x.gguf", MODEL_NAME: "mine", DEVICE: "cpu" })).toEqual({
    choice: { kind: "llama", path: "x.gguf", name: "mine", device: "cpu" },
  });
});

test("what is set for this server wins over Anthropic's and Google's keys, which many a shell has", () => {
  const key = { ANTHROPIC_API_KEY: "a", GOOGLE_API_KEY: "g" };
  expect(choose(key)).toMatchObject({ choice: { provider: "anthropic" } });
  expect(choose({ ...key, MODEL_PATH: "x.gguf" })).toMatchObject({ choice: { kind: "llama" } });
  expect(choose({ ...key, OPENAI_API_KEY: "b" })).toMatchObject({ choice: { provider: "openai" } });
  expect(choose({ ...key, OLLAMA_BASE_URL: "http://box", MODEL_NAME: "m" })).toMatchObject({
    choice: { provider: "ollama" },
  });
  expect(choose({ ...key, INFERENCE_SERVICE_URL: "http://box" })).toMatchObject({ choice: { provider: "inference" } });
  expect(choose({ ...key, MODEL_TYPE: "openai", OPENAI_API_KEY: "b" })).toMatchObject({ choice: { apiKey: "b" } });
});

test("OLLAMA_CONTEXT_LENGTH is for Ollama's models alone", () => {
  const length = { OLLAMA_CONTEXT_LENGTH: "8192", MODEL_NAME: "m" };
  expect(choose({ ...length, MODEL_TYPE: "ollama" })).toMatchObject({ choice: { contextWindow: 8192 } });
  const other = choose({ ...length, OPENAI_API_KEY: "b" });
  expect(other).toMatchObject({ choice: { provider: "openai" } });
  expect(other).not.toHaveProperty("choice.contextWindow");
});

test.each([
  [
    { ANTHROPIC_API_KEY: "k" },
    { kind: "anthropic", provider: "anthropic", spelled: "anthropic", model: "claude-haiku-5-5", apiKey: "k" },
  ],
  [
    { GOOGLE_API_KEY: "k" },
    { kind: "google", provider: "google", spelled: "google", model: "gemini-3.8-flash", apiKey: "k" },
  ],
  [
    { LLM_PROVIDER: "google", GOOGLE_API_KEY: "k", GOOGLE_BASE_URL: "http://box/v1beta", MODEL_NAME: "m" },
    { kind: "google", provider: "google", spelled: "google", model: "m", apiKey: "k", baseUrl: "http://box/v1beta" },
  ],
  [
    {
      MODEL_TYPE: "anthropic",
      OPENAI_API_KEY: "o",
      ANTHROPIC_API_KEY: "k",
      ANTHROPIC_BASE_URL: "http://box/v1",
      MODEL_NAME: "m",
    },
    {
      kind: "anthropic",
      provider: "anthropic",
      spelled: "anthropic",
      model: "m",
      apiKey: "k",
      baseUrl: "http://box/v1",
    },
  ],
  [
    { INFERENCE_SERVICE_URL: "http://box:9000" },
    { kind: "inference", provider: "inference", spelled: "inference", baseUrl: "http://box:9000" },
  ],
  [
    { MODEL_TYPE: "inference", INFERENCE_SERVICE_URL: "http://box", INTERNAL_API_KEY: "k", MODEL_NAME: "large" },
    {
      kind: "inference",
      provider: "inference",
      spelled: "inference",
      baseUrl: "http://box",
      apiKey: "k",
      model: "large",
    },
  ],
])("%o is a service of another kind", (environment, choice) => {
  expect(choose(environment)).toEqual({ choice });
});

test.each([
  [{ OPENAI_API_KEY: "k" }, { provider: "openai", spelled: "openai", model: "gpt-5-mini", apiKey: "k" }],
  [
    { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "http://127.0.0.1:9000/v1" },
    { provider: "openai", spelled: "openai", model: "gpt-5-mini", apiKey: "k", baseUrl: "http://127.0.0.1:9000/v1" },
  ],
  [
    { OPENAI_BASE_URL: "http://127.0.0.1:9000/v1", MODEL_NAME: "m" },
    { provider: "openai_compatible", spelled: "openai_compatible", model: "m", baseUrl: "http://127.0.0.1:9000/v1" },
  ],
  [
    { GROQ_API_KEY: "k", GROQ_MODEL_NAME: "g" },
    { provider: "groq", spelled: "groq", model: "g", apiKey: "k", baseUrl: "https://api.groq.com/openai/v1" },
  ],
  [
    { LLM_PROVIDER: "chatgroq", GROQ_API_KEY: "k", GROQ_MODEL_NAME: "g", MODEL_NAME: "m" },
    { provider: "groq", spelled: "chatgroq", model: "m", apiKey: "k", baseUrl: "https://api.groq.com/openai/v1" },
  ],
  [
    { MINIMAX_API_KEY: "k", MODEL_NAME: "m" },
    { provider: "minimax", spelled: "minimax", model: "m", apiKey: "k", baseUrl: "https://api.minimax.io/v1" },
  ],
  [
    { HF_API_TOKEN: "k", MODEL_NAME: "m" },
    { provider: "hf_api", spelled: "hf_api", model: "m", apiKey: "k", baseUrl: "https://router.huggingface.co/v1" },
  ],
  [
    { MODEL_TYPE: "ollama", MODEL_NAME: "m" },
    { provider: "ollama", spelled: "ollama", model: "m", baseUrl: "http://localhost:11434/v1" },
  ],
  [
    { OLLAMA_BASE_URL: "http://box:11434", MODEL_NAME: "m" },
    { provider: "ollama", spelled: "ollama", model: "m", baseUrl: "http://box:11434/v1" },
  ],
])("%o", (environment, choice) => {
  expect(choose(environment)).toEqual({ choice: { kind: "openai", ...choice } });
});

test.each([
  [{ MODEL_TYPE: "openai" }, "OPENAI_API_KEY must be set for openai"],
  [{ MODEL_TYPE: "groq", MODEL_NAME: "m" }, "GROQ_API_KEY must be set for groq"],
  [{ GROQ_API_KEY: "k" }, "MODEL_NAME must name a model of groq"],
  [{ OLLAMA_BASE_URL: "http://box", GROQ_MODEL_NAME: "g" }, "MODEL_NAME must name a model of ollama"],
  [{ MODEL_TYPE: "openai_compatible", MODEL_NAME: "m" }, "OPENAI_BASE_URL must be set for openai_compatible"],
  [{ MODEL_TYPE: "local" }, "MODEL_PATH must name a GGUF file, or MODEL_URI where to fetch one, for MODEL_TYPE=local"],
  [{ MODEL_NAME: "gpt-5" }, "MODEL_NAME is set, but nothing says whose model it is: set MODEL_TYPE"],
  [{ MODEL_TYPE: "anthropic" }, "ANTHROPIC_API_KEY must be set for anthropic"],
  [{ MODEL_TYPE: "inference" }, "INFERENCE_SERVICE_URL must be set for inference"],
  [{ MODEL_TYPE: "google" }, "GOOGLE_API_KEY must be set for google"],
])("%o cannot be had", (environment, fault) => {
  expect(choose(environment)).toEqual({ fault });
});
