import { describe, it } from "vitest";
import { backendConformance, type BackendGap, type BackendSettings } from "@parlor/testkit/backend";
import { chatCompletionsOf, type ChatDialect } from "@parlor/testkit/openai";
import type { ModelBackend } from "@parlor/core";
import {
  groq,
  huggingface,
  llamaServer,
  minimax,
  ollama,
  openaiCompatible,
  openrouter,
  vllm,
  type CompatibleOptions,
} from "@parlor/openai";

/** What the presets do not share with the backend as such, which is judged whole in `../conformance.test.ts`. */
const topics = [
  "capabilities",
  "text",
  "usage and the reason to finish",
  "prompts",
  "tools",
  "structured answers",
  "images and files",
  "the key",
];

function judge(
  name: string,
  preset: (options: CompatibleOptions) => ModelBackend,
  model: string,
  dialect: ChatDialect,
  lacks: readonly BackendGap[] = [],
): void {
  backendConformance({
    name,
    create: ({ url, ...settings }: BackendSettings) => preset({ model, baseURL: `${url}/v1`, ...settings }),
    provider: chatCompletionsOf(dialect),
    runner: { describe, it, skip: it.skip },
    topics,
    lacks,
  });
}

judge("groq", groq, "openai/gpt-oss-20b", { reasoning: "reasoning", usageIn: "x_groq" }, ["files"]);
judge("minimax M3", minimax, "MiniMax-M3", { reasoning: "reasoning_content", done: false }, [
  "files",
  "structured-output",
]);
judge("minimax M2", minimax, "MiniMax-M2.7", { reasoning: "reasoning_details_cumulative", done: false }, [
  "files",
  "structured-output",
  "images",
]);
judge("minimax M1", minimax, "MiniMax-M1", { reasoning: "think" }, ["files", "structured-output", "images"]);
judge("huggingface", huggingface, "openai/gpt-oss-20b:fastest", {}, ["files"]);
judge("ollama", ollama, "qwen3", { reasoning: "reasoning" }, ["files"]);
judge("vllm", vllm, "Qwen/Qwen3-8B", { reasoning: "reasoning" }, ["files"]);
judge("llama-server", llamaServer, "local", {}, ["files"]);
judge("openrouter", openrouter, "anthropic/claude-sonnet-5.5", { reasoning: "reasoning_details" });
judge("openai-compatible", openaiCompatible, "any", {});
