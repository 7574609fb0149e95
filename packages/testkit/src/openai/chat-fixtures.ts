import type { FinishReason, Json } from "@parlor/core";
import type {
  Answer,
  Asked,
  AskedMedia,
  AskedMessage,
  Failure,
  FailureCode,
  ProviderFixtures,
} from "../backend/index.ts";
import {
  failure as toFailure,
  reasoning,
  text,
  toolCall,
  type FakeReply,
  type ReasoningCarrier,
  type Step,
} from "./reply.ts";
import { toRecords } from "./records.ts";

/** In what services differ that speak Chat Completions. */
export interface ChatDialect {
  /** Where thoughts are; default `reasoning_content`. */
  readonly reasoning?: ReasoningCarrier;
  /** Where usage is; default: a chunk of its own. */
  readonly usageIn?: FakeReply["usageIn"];
  /** Whether `[DONE]` comes; default true. */
  readonly done?: boolean;
}

/** How a service speaks that speaks Chat Completions, for `backendConformance`. */
export function chatCompletionsOf({
  reasoning: carrier = "reasoning_content",
  usageIn,
  done,
}: ChatDialect): ProviderFixtures {
  return {
    answer(answer, { body }) {
      const reply = { ...toReply(answer, carrier), ...(usageIn && { usageIn }), ...(done !== undefined && { done }) };
      const asked = body?.["stream_options"] as { readonly include_usage?: boolean } | undefined;
      const includeUsage = asked?.include_usage === true;
      const records = toRecords(reply, { model: "fake", stream: true, includeUsage });
      return { records, whole: records.findIndex((record) => /"finish_reason":"/.test(record)) };
    },
    failure({ code, message, retryAfterSeconds }) {
      const [status, error] = failures[code];
      const headers = retryAfterSeconds === undefined ? {} : { "retry-after": `${retryAfterSeconds}` };
      const { headers: all = {}, body = "" } = toFailure(status, { message, ...error }, headers);
      return { status, headers: all, body };
    },
    failureInStream({ code, message }) {
      const error = inStream[code];
      return error && `data: ${JSON.stringify({ error: { message, param: null, code: null, ...error } })}\n\n`;
    },
    asked: ({ body }) => toAsked(body as unknown as WireRequest),
  };
}

/** How OpenAI's own Chat Completions speak. */
export const chatCompletions: ProviderFixtures = chatCompletionsOf({});

const finishes: { readonly [reason in FinishReason]: string } = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
  other: "unheard_of",
};

function toReply({ said, finish, usage }: Answer, carrier: ReasoningCarrier): FakeReply {
  let calls = 0;
  // Together, because some carriers tell the whole thought so far with each piece.
  const thoughts = said.flatMap((one) => ("reasoning" in one ? [one.reasoning] : []));
  const spoken = said.flatMap((one): Step[] => {
    if ("text" in one) return text(one.text);
    if ("reasoning" in one) return [];
    return toolCall(calls++, one.call.id, one.call.name, ...one.call.fragments);
  });
  const { inputTokens = 10, outputTokens = 5, cachedInputTokens: cached, reasoningTokens } = usage ?? {};
  return {
    steps: [...(thoughts.length > 0 ? reasoning(carrier, ...thoughts) : []), ...spoken],
    ...(finish && { finish: finishes[finish] }),
    usage: {
      prompt: inputTokens,
      completion: outputTokens,
      ...(cached !== undefined && { cached }),
      ...(reasoningTokens !== undefined && { reasoning: reasoningTokens }),
    },
  };
}

type WireError = { readonly type: string; readonly code?: string };

const failures: { readonly [code in FailureCode]: readonly [status: number, error: WireError] } = {
  backend_auth: [401, { type: "invalid_request_error", code: "invalid_api_key" }],
  backend_quota: [429, { type: "insufficient_quota", code: "insufficient_quota" }],
  backend_rate_limited: [429, { type: "requests", code: "rate_limit_exceeded" }],
  backend_overloaded: [503, { type: "server_error" }],
  backend_timeout: [504, { type: "server_error" }],
  backend_bad_request: [400, { type: "invalid_request_error" }],
  backend_error: [500, { type: "server_error" }],
  context_too_long: [400, { type: "invalid_request_error", code: "context_length_exceeded" }],
  content_filter: [400, { type: "invalid_request_error", code: "content_filter" }],
};

const inStream: { readonly [code in Failure["code"]]?: WireError } = {
  backend_error: { type: "server_error" },
  backend_overloaded: { type: "overloaded_error" },
  backend_rate_limited: { type: "requests", code: "rate_limit_exceeded" },
  content_filter: { type: "invalid_request_error", code: "content_filter" },
};

interface WireRequest {
  readonly messages: readonly WireMessage[];
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly tools?: readonly {
    readonly function: { readonly name: string; readonly description?: string; readonly parameters: never };
  }[];
  readonly tool_choice?: "auto" | "none" | "required" | { readonly function: { readonly name: string } };
  readonly response_format?: { readonly type: string; readonly json_schema?: { readonly schema: Json } };
}

interface WireMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content?: string | readonly WirePart[] | null;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

interface WirePart {
  readonly type: string;
  readonly text?: string;
  readonly image_url?: { readonly url: string };
  readonly input_audio?: { readonly data: string };
  readonly file?: { readonly file_data: string };
}

function toAsked(body: WireRequest): Asked {
  const { messages, tools, tool_choice: choice, response_format: format } = body;
  const system = messages.filter(({ role }) => role === "system" || role === "developer");
  const maxTokens = body.max_tokens ?? body.max_completion_tokens;
  return {
    ...(system.length > 0 && { system: system.map(textOf).join("\n") }),
    messages: messages.filter((message) => !system.includes(message)).map(toMessage),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(tools && {
      tools: tools.map(({ function: { parameters, ...tool } }) => ({ ...tool, inputSchema: parameters })),
    }),
    ...(choice && { toolChoice: typeof choice === "string" ? choice : { tool: choice.function.name } }),
    ...(format && { format: format.json_schema ? { schema: format.json_schema.schema } : "json" }),
  };
}

function toMessage(message: WireMessage): AskedMessage {
  const { role, tool_calls: calls, tool_call_id: id } = message;
  if (role === "tool") return { role, text: "", results: [{ id: id ?? "", output: parsed(textOf(message)) }] };
  const media = mediaOf(message);
  return {
    role: role as "user" | "assistant",
    text: textOf(message),
    ...(media.length > 0 && { media }),
    ...(calls && {
      calls: calls.map(({ id: callId, function: { name, arguments: input } }) => ({
        id: callId,
        name,
        input: parsed(input),
      })),
    }),
  };
}

function textOf({ content }: WireMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}

function mediaOf({ content }: WireMessage): AskedMedia[] {
  if (typeof content === "string") return [];
  return (content ?? []).flatMap(({ image_url: image, input_audio: audio, file }): AskedMedia[] => {
    if (image) return [{ type: "image", ...(image.url.startsWith("data:") ? { data: base64Of(image.url) } : image) }];
    if (audio) return [{ type: "audio", data: audio.data }];
    return file ? [{ type: "file", data: base64Of(file.file_data) }] : [];
  });
}

const base64Of = (url: string): string => url.slice(url.indexOf(",") + 1);

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
