import type { Json } from "@parlor/core";
import { fakeProvider, type FakeProvider, type ProviderReply, type ProviderRequest } from "../provider/index.ts";

type JsonObject = { readonly [key: string]: Json };

export interface FakeReply {
  /** Records of the stream; default: the text `Hello from the fake.` in four tokens, and `done`. */
  readonly records?: readonly JsonObject[];
  /** In place of them. */
  readonly reply?: ProviderReply;
}

export interface FakeInferenceOptions {
  /** What every `/generate` gets that `next` has nothing for. */
  readonly reply?: FakeReply | ((request: ProviderRequest) => FakeReply);
  /** Tags of the models that it has; the first one is loaded. Default `["small", "large"]`. */
  readonly models?: readonly string[];
  /** Asked for in `X-Internal-API-Key`; default: any or none will do. */
  readonly apiKey?: string;
}

export const done: JsonObject = { done: true };

export function tokens(...pieces: readonly string[]): JsonObject[] {
  return pieces.map((token) => ({ token }));
}

export function toRecord(json: JsonObject): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}

/** A failure under HTTP, with a code of Parlor's catalogue if it has one. */
export function failure(
  status: number,
  body: { readonly error?: string; readonly code?: string } = {},
  headers: ProviderReply["headers"] = {},
): ProviderReply {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ error: "The request failed", ...body }),
  };
}

const greeting: FakeReply = { records: [...tokens("Hello", " from", " the", " fake."), done] };

/** An inference service on 127.0.0.1: `POST /generate`, `GET /models`, `POST /models/swap`. `url` has no path. */
export async function fakeInference(options: FakeInferenceOptions = {}): Promise<FakeProvider<FakeReply>> {
  const { reply = greeting, models = ["small", "large"], apiKey } = options;
  let current = models[0] ?? "";
  return await fakeProvider<FakeReply>({
    reply,
    render: ({ records = [], reply: given }) =>
      given ?? { headers: { "content-type": "text/event-stream" }, body: records.map(toRecord) },
    route({ method, path, headers, body }) {
      if (apiKey !== undefined && headers["x-internal-api-key"] !== apiKey) return failure(401);
      if (method === "POST" && path === "/generate") return undefined;
      if (method === "GET" && path === "/models") return json({ current_model: current, models });
      if (method !== "POST" || path !== "/models/swap") return failure(404);
      const tag = models.find((model) => model === body?.["model_tag"]);
      if (tag === undefined) return failure(404, { error: "No such model" });
      return json({ status: "ok", current_model: (current = tag) });
    },
  });
}

function json(value: JsonObject): ProviderReply {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
