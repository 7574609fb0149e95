import { ChatError, type Json } from "@parlor/core";
import { fromTransport, retryAfterOf, startOf, type Answer, type NodeFetch } from "@parlor/wire";
import { fromStatus } from "./errors.ts";
import type { Resolved } from "./options.ts";

/** What an inference service tells of its models, and how it is told to load another one. */
export interface ServiceModels {
  /** Its own answer to `GET /models`, as it is. Throws ChatErrors. */
  models(signal: AbortSignal): Promise<Json>;
  /** Loads the model of this tag for everybody: `POST /models/swap`; its own answer. Throws `unknown_model`, among others. */
  swap(tag: string, signal: AbortSignal): Promise<Json>;
}

export function serviceModels({ name, baseURL, headers }: Resolved, { fetch }: NodeFetch): ServiceModels {
  async function ask(method: "GET" | "POST", path: string, signal: AbortSignal, body?: string): Promise<Answer> {
    const call = { method, headers, signal, redirect: "manual", ...(body !== undefined && { body }) } as const;
    return await fetch(`${baseURL}${path}`, call).catch((error: unknown) => {
      throw fromTransport(name, error);
    });
  }

  async function jsonOf(answer: Answer): Promise<Json> {
    const text = await startOf(answer);
    if (answer.status < 200 || answer.status >= 300) {
      throw fromStatus(name, answer.status, text, retryAfterOf(answer.headers, Date.now()));
    }
    try {
      return JSON.parse(text) as Json;
    } catch {
      throw new ChatError("upstream_invalid", `${name} answered something that is not JSON. Check its address.`);
    }
  }

  return {
    models: async (signal) => jsonOf(await ask("GET", "/models", signal)),
    async swap(tag, signal) {
      const answer = await ask("POST", "/models/swap", signal, JSON.stringify({ model_tag: tag }));
      if (answer.status === 404) {
        await startOf(answer);
        throw new ChatError("unknown_model", `${name} has no model with that tag.`);
      }
      return jsonOf(answer);
    },
  };
}
