import type { ModelBackend } from "@parlor/core";
import { createBackend } from "../backend.ts";
import { effortOf, nearest } from "../effort.ts";
import { hosts } from "../hosts.ts";
import { allBut, loading, type Service } from "../service.ts";
import type { OpenAIOptions } from "../options.ts";

const service: Service = {
  name: "ollama",
  kind: "local",
  baseURL: "http://localhost:11434/v1",
  key: { variables: ["OLLAMA_API_KEY"], host: hosts.ollama, required: true },
  capabilities: allBut("files"),
  audio: false,
  maxTokens: "max_tokens",
  fields(settings) {
    const effort = effortOf(settings);
    return effort === undefined ? {} : { reasoning_effort: nearest(effort, ["none", "low", "medium", "high"]) };
  },
  returnReasoning: "reasoning",
  deadlines: loading,
};

/**
 * A model of an Ollama server (docs.ollama.com/api/openai-compatibility), by default on this machine and without a key.
 *
 * `contextWindow` must be what the server runs with (its OLLAMA_CONTEXT_LENGTH, or `num_ctx` of a Modelfile): this protocol cannot
 * set it, and Ollama cuts a longer prompt without a word. Default 4,096, which is Ollama's least.
 */
export function ollama(options: OpenAIOptions): ModelBackend {
  return createBackend({ contextWindow: 4096, ...options }, service);
}
