import type { ModelBackend } from "@parlor/core";
import { createBackend } from "../backend.ts";
import { effortOf, nearest } from "../effort.ts";
import { hosts } from "../hosts.ts";
import { allBut, type Service } from "../service.ts";
import type { OpenAIOptions } from "../options.ts";

export interface OpenRouterOptions extends OpenAIOptions {
  /** Your site's address, for OpenRouter's rankings. */
  readonly site?: string;
  /** Your app's name, there. */
  readonly title?: string;
}

const service: Service = {
  name: "openrouter",
  kind: "cloud",
  baseURL: "https://openrouter.ai/api/v1",
  key: { variables: ["OPENROUTER_API_KEY"], host: hosts.openrouter, required: true },
  capabilities: allBut(),
  maxTokens: "max_tokens",
  fields(settings) {
    const { topK, thinking } = settings;
    const effort = effortOf(settings);
    const steps = ["none", "minimal", "low", "medium", "high", "xhigh"] as const;
    const reasoning = effort === undefined ? thinking && { enabled: true } : { effort: nearest(effort, steps) };
    return {
      // With the cost of the call.
      usage: { include: true },
      ...(topK !== undefined && { top_k: topK }),
      ...(reasoning && { reasoning }),
    };
  },
  returnReasoning: "reasoning_details",
  keepsDetails: true,
};

/**
 * A model through OpenRouter (openrouter.ai/docs). The key is OPENROUTER_API_KEY where none is given. Usage comes with what the call
 * cost. Thoughts go back word for word between tool calls, signatures with them.
 */
export function openrouter({ site, title, ...options }: OpenRouterOptions): ModelBackend {
  const told = {
    ...(site !== undefined && { "http-referer": site }),
    ...(title !== undefined && { "x-title": title }),
  };
  const headers = { ...told, ...options.headers };
  return createBackend({ ...options, ...(Object.keys(headers).length > 0 && { headers }) }, service);
}
