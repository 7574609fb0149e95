import type { ModelBackend } from "@parlor/core";
import { createBackend } from "../backend.ts";
import { hosts } from "../hosts.ts";
import { allBut, type Service } from "../service.ts";
import type { OpenAIOptions } from "../options.ts";

export interface HuggingFaceOptions extends OpenAIOptions {
  /**
   * Who runs the model: `groq`, `together`, `cerebras` …, or `fastest` or `cheapest`. Default: the model's own suffix
   * (`org/name:provider`), else the router chooses and goes on to the next where one fails.
   */
  readonly provider?: string;
  /** An organisation of yours that pays; default: the owner of the key. */
  readonly billTo?: string;
}

const service: Service = {
  name: "huggingface",
  kind: "cloud",
  baseURL: "https://router.huggingface.co/v1",
  key: { variables: ["HF_TOKEN", "HF_API_TOKEN"], host: hosts.huggingface, required: true },
  capabilities: allBut("files"),
  audio: false,
  maxTokens: "max_tokens",
  fields: ({ effort }) => (effort === undefined ? {} : { reasoning_effort: effort }),
};

/**
 * A model on the Hugging Face Hub through its router (huggingface.co/docs/inference-providers). The key is HF_TOKEN, then
 * HF_API_TOKEN, where none is given. A model that is still loading is asked again when the Hub expects it to be ready.
 */
export function huggingface({ provider, billTo, ...options }: HuggingFaceOptions): ModelBackend {
  const { model, headers } = options;
  const suffixed = provider === undefined ? model : `${model.replace(/:[^:/]*$/, "")}:${provider}`;
  const paid = billTo === undefined ? {} : { headers: { "x-hf-bill-to": billTo, ...headers } };
  return createBackend({ ...options, model: suffixed, ...paid }, service);
}
