import type { ModelBackend } from "@parlor/core";
import { createBackend } from "../backend.ts";
import { allBut, loading, type Service } from "../service.ts";
import type { OpenAIOptions } from "../options.ts";
import { toTemplateFields } from "./vllm.ts";

const service: Service = {
  name: "llama.cpp",
  kind: "local",
  baseURL: "http://localhost:8080/v1",
  capabilities: allBut("files"),
  audio: true,
  maxTokens: "max_tokens",
  fields: toTemplateFields,
  returnReasoning: "reasoning_content",
  deadlines: loading,
};

/**
 * The model of a llama-server of llama.cpp (github.com/ggml-org/llama.cpp, tools/server), by default on this machine; `model` is a
 * name for it, as the server has one model only. Tools need `--jinja`. Give `contextWindow`: the server's `--ctx-size`. For
 * llama.cpp inside this process there is `@parlor/llama`.
 */
export function llamaServer(options: OpenAIOptions): ModelBackend {
  return createBackend(options, service);
}
