import { expect, test } from "vitest";
import { readConfig } from "../../src/config/read-config.ts";

const read = (environment: Record<string, string>) => readConfig(environment);
const modelsOf = (environment: Record<string, string>) => {
  const result = read(environment);
  return "config" in result ? result.config.models : result.faults;
};

test("names are models of the chosen service, or of another where it is named", () => {
  const environment = { OPENAI_API_KEY: "o", ANTHROPIC_API_KEY: "a", MODEL_NAME: "large" };
  expect(modelsOf({ ...environment, MODELS: "large, small, anthropic:claude, org/name:fast" })).toMatchObject({
    small: { kind: "openai", provider: "openai", model: "small", apiKey: "o" },
    "anthropic:claude": { kind: "anthropic", model: "claude", apiKey: "a" },
    "org/name:fast": { provider: "openai", model: "org/name:fast" },
  });
  expect(Object.keys(modelsOf({ ...environment, MODELS: "large,small" }))).toEqual(["small"]);
  expect(modelsOf(environment)).toEqual({});
});

test("files are named by their name, so that no path is a tag", () => {
  const models = modelsOf({ MODEL_PATH: "/models/a.gguf", MODELS: "/models/a.gguf, /models/b.gguf" });
  expect(models).toEqual({ b: { kind: "llama", path: "/models/b.gguf", name: "b", device: "auto" } });
});

test("what cannot be had stops the start with a sentence", () => {
  expect(modelsOf({ MODELS: "small" })).toEqual([expect.stringMatching(/^MODELS cannot be used: nothing says whose/)]);
  expect(modelsOf({ OPENAI_API_KEY: "o", MODELS: "groq:fast" })).toEqual(["MODELS: GROQ_API_KEY must be set for groq"]);
  expect(modelsOf({ INFERENCE_SERVICE_URL: "http://box", MODELS: "small" })).toEqual([
    "MODELS cannot be used: an inference service names its own models",
  ]);
});
