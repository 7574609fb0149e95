import type { ModelBackend } from "@parlor/core";
import { createBackend } from "../backend.ts";
import { effortOf, nearest } from "../effort.ts";
import { hosts } from "../hosts.ts";
import { allBut, type Service } from "../service.ts";
import type { OpenAIOptions } from "../options.ts";

const service: Service = {
  name: "groq",
  kind: "cloud",
  baseURL: "https://api.groq.com/openai/v1",
  key: { variables: ["GROQ_API_KEY"], host: hosts.groq, required: true },
  capabilities: allBut("files"),
  maxTokens: "max_completion_tokens",
  // A model that does not think refuses to be told how much (console.groq.com/docs/reasoning).
  fields(settings, model) {
    const effort = effortOf(settings);
    if (effort === undefined) return {};
    if (/gpt-oss/i.test(model)) return { reasoning_effort: nearest(effort, ["low", "medium", "high"]) };
    return /qwen/i.test(model) ? { reasoning_effort: effort === "none" ? "none" : "default" } : {};
  },
};

/**
 * A model at Groq. The key is GROQ_API_KEY where none is given. `effort` is told to the models that know it, gpt-oss and Qwen, in
 * their own steps. Which models see images or keep to a schema is said at console.groq.com/docs/models.
 */
export function groq(options: OpenAIOptions): ModelBackend {
  return createBackend(options, service);
}
