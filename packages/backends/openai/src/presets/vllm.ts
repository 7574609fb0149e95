import type { ModelBackend, ModelSettings } from "@parlor/core";
import { createBackend } from "../backend.ts";
import { effortOf, nearest } from "../effort.ts";
import { allBut, type Fields, loading, type Service } from "../service.ts";
import type { OpenAIOptions } from "../options.ts";

const service: Service = {
  name: "vllm",
  kind: "local",
  baseURL: "http://localhost:8000/v1",
  capabilities: allBut("files"),
  audio: true,
  maxTokens: "max_tokens",
  fields: toTemplateFields,
  returnReasoning: "reasoning",
  deadlines: loading,
};

/** Chat templates switch thinking by an argument of this name; servers of models without one pass over it. */
export function toTemplateFields(settings: ModelSettings): Fields {
  const { topK, thinking } = settings;
  const effort = effortOf(settings);
  const thinks = thinking ?? (effort === undefined ? undefined : effort !== "none");
  return {
    ...(topK !== undefined && { top_k: topK }),
    ...(thinks !== undefined && { chat_template_kwargs: { enable_thinking: thinks } }),
    ...(effort !== undefined && effort !== "none" && { reasoning_effort: nearest(effort, ["low", "medium", "high"]) }),
  };
}

/**
 * A model of a vLLM server (docs.vllm.ai), by default on this machine. The server needs `--reasoning-parser` to tell thoughts apart and
 * `--enable-auto-tool-choice --tool-call-parser` for tools. Give `contextWindow`: the server's `--max-model-len`.
 */
export function vllm(options: OpenAIOptions): ModelBackend {
  return createBackend(options, service);
}
