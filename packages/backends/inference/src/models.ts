import { ChatError, type Json } from "@parlor/core";
import { fromTransport, retryAfterOf, startOf, type Answer, type NodeFetch } from "@parlor/wire";
import { fromStatus } from "./errors.ts";
import type { Resolved } from "./options.ts";

/** What an inference service tells of its models, and how it is told to load another one. Fits `modelService` of @parlor/http. */
export interface ServiceModels {
  /** Its own answer to `GET /models`, as it is, within 10 s. Throws ChatErrors. */
  models(): Promise<{ readonly [field: string]: Json }>;
  /** Loads the model of this tag for everybody, within 5 minutes: `POST /models/swap`. Throws `unknown_model`, among others. */
  swap(tag: string): Promise<void>;
}

/** Milliseconds. A model of many gigabytes may have to be read from disk. */
const patience = { models: 10_000, swap: 300_000 };

export function serviceModels(options: Resolved, { fetch }: NodeFetch, deadlines = patience): ServiceModels {
  const { name, baseURL, headers } = options;

  async function ask(method: "GET" | "POST", path: string, ms: number, body?: string): Promise<Answer> {
    const signal = AbortSignal.timeout(ms);
    const call = { method, headers, signal, redirect: "manual", ...(body !== undefined && { body }) } as const;
    try {
      return await fetch(`${baseURL}${path}`, call);
    } catch (error) {
      if (!signal.aborted) throw fromTransport(name, error);
      throw new ChatError("backend_timeout", `${name} did not answer within ${ms} ms.`, { cause: error });
    }
  }

  /** The text of a good answer. */
  async function textOf(answer: Answer): Promise<string> {
    const text = await startOf(answer);
    if (answer.status >= 200 && answer.status < 300) return text;
    throw fromStatus(name, answer.status, text, retryAfterOf(answer.headers, Date.now()));
  }

  return {
    models: async () => toObject(name, await textOf(await ask("GET", "/models", deadlines.models))),
    async swap(tag) {
      const answer = await ask("POST", "/models/swap", deadlines.swap, JSON.stringify({ model_tag: tag }));
      if (answer.status !== 404) return void (await textOf(answer));
      await startOf(answer);
      throw new ChatError("unknown_model", `${name} has no model with that tag.`);
    },
  };
}

function toObject(name: string, text: string): { readonly [field: string]: Json } {
  try {
    const value = JSON.parse(text) as Json;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as { [field: string]: Json };
  } catch {
    // Neither is it an object.
  }
  throw new ChatError("upstream_invalid", `${name} answered something that is no JSON object. Check its address.`);
}
