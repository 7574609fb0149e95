import type { FinishReason, Json } from "@parlor/core";
import type { Answer, Asked, AskedMedia, AskedMessage, FailureCode, ProviderFixtures, Said } from "../backend/index.ts";
import { failure as toFailure, text, thinking, toolUse, type FakeError, type FakeReply, type Step } from "./reply.ts";
import { toRecords } from "./records.ts";

/** How Anthropic's Messages API speaks, for `backendConformance`. */
export const messagesApi: ProviderFixtures = {
  answer(answer) {
    const records = toRecords(toReply(answer), "fake");
    return { records, whole: records.findIndex((record) => record.startsWith("event: message_delta")) };
  },
  failure({ code, message, retryAfterSeconds }) {
    const [status, error] = failures[code];
    const headers = retryAfterSeconds === undefined ? {} : { "retry-after": `${retryAfterSeconds}` };
    // Some failures have no name of their own: words tell them.
    return toFailure(status, { ...error, message: `${error.message ?? ""}${message}` }, headers);
  },
  failureInStream({ code, message }) {
    const type = inStream[code];
    const error = { type: "error", error: { type: type ?? "", message, details: null } };
    return type && `event: error\ndata: ${JSON.stringify(error)}\n\n`;
  },
  asked: ({ body }) => toAsked(body as unknown as WireRequest),
};

const reasons: { readonly [reason in FinishReason]: string } = {
  stop: "end_turn",
  length: "max_tokens",
  "tool-calls": "tool_use",
  "content-filter": "refusal",
  other: "of_tomorrow",
};

function toReply({ said, finish, usage }: Answer): FakeReply {
  const { inputTokens = 10, outputTokens = 5, cachedInputTokens = 0, reasoningTokens } = usage ?? {};
  return {
    steps: toSteps(said),
    ...(finish && { stopReason: reasons[finish] }),
    usage: {
      input: inputTokens - cachedInputTokens,
      output: outputTokens,
      cacheRead: cachedInputTokens,
      ...(reasoningTokens !== undefined && { thinking: reasoningTokens }),
    },
  };
}

/** Pieces of one kind in a row are one block. */
function toSteps(said: readonly Said[]): Step[] {
  const steps: Step[] = [];
  for (let next = 0; next < said.length;) {
    const one = said[next] as Said;
    const kind = "text" in one ? "text" : "reasoning" in one ? "reasoning" : undefined;
    if ("call" in one) {
      steps.push(toolUse(one.call.id, one.call.name, ...one.call.fragments));
      next++;
    }
    const pieces: string[] = [];
    for (let piece: Said | undefined; kind && (piece = said[next]) && kind in piece; next++) {
      pieces.push("text" in piece ? piece.text : "reasoning" in piece ? piece.reasoning : "");
    }
    if (kind) steps.push(kind === "text" ? text(...pieces) : thinking("c2lnbmVk", ...pieces));
  }
  return steps;
}

const failures: { readonly [code in FailureCode]: readonly [status: number, error: FakeError] } = {
  backend_auth: [401, { type: "authentication_error" }],
  backend_quota: [402, { type: "billing_error" }],
  backend_rate_limited: [429, { type: "rate_limit_error" }],
  backend_overloaded: [529, { type: "overloaded_error" }],
  backend_timeout: [504, { type: "timeout_error" }],
  backend_bad_request: [400, { type: "invalid_request_error" }],
  backend_error: [500, { type: "api_error" }],
  context_too_long: [400, { type: "invalid_request_error", message: "prompt is too long: 9 tokens > 8 maximum. " }],
  content_filter: [400, { type: "invalid_request_error", message: "Output blocked by content filtering policy. " }],
};

const inStream: { readonly [code in FailureCode]?: string } = {
  backend_error: "api_error",
  backend_overloaded: "overloaded_error",
  backend_rate_limited: "rate_limit_error",
  backend_timeout: "timeout_error",
};

interface WireRequest {
  readonly system?: string | readonly WireBlock[];
  readonly messages: readonly {
    readonly role: "user" | "assistant";
    readonly content: string | readonly WireBlock[];
  }[];
  readonly max_tokens: number;
  readonly tools?: readonly { readonly name: string; readonly description?: string; readonly input_schema: never }[];
  readonly tool_choice?: { readonly type: "auto" | "any" | "none" | "tool"; readonly name?: string };
  readonly output_config?: { readonly format?: { readonly schema: Json } };
}

interface WireBlock {
  readonly type: string;
  readonly text?: string;
  readonly source?: { readonly data?: string; readonly url?: string };
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: string;
}

function toAsked({ system, messages: sent, max_tokens: maxTokens, ...rest }: WireRequest): Asked {
  const { tools, tool_choice: choice, output_config: output } = rest;
  return {
    ...(system !== undefined && { system: textOf(blocksOf(system)) }),
    messages: sent.map(({ role, content }) => toMessage(role, blocksOf(content))),
    maxTokens,
    ...(tools && { tools: tools.map(({ input_schema: inputSchema, ...tool }) => ({ ...tool, inputSchema })) }),
    ...(choice && { toolChoice: toChoice(choice) }),
    ...(output?.format && { format: { schema: output.format.schema } }),
  };
}

function toChoice({ type, name = "" }: NonNullable<WireRequest["tool_choice"]>): NonNullable<Asked["toolChoice"]> {
  if (type === "tool") return { tool: name };
  return type === "any" ? "required" : type;
}

/** A tool's result is a message of the user here. */
function toMessage(role: "user" | "assistant", blocks: readonly WireBlock[]): AskedMessage {
  const media = blocks.flatMap(mediaOf);
  const calls = blocks.flatMap(({ type, id = "", name = "", input }) =>
    type === "tool_use" ? [{ id, name, input }] : [],
  );
  const results = blocks.flatMap(({ type, tool_use_id: id = "", content = "" }) =>
    type === "tool_result" ? [{ id, output: parsed(content) }] : [],
  );
  return {
    role: results.length > 0 ? "tool" : role,
    text: textOf(blocks),
    ...(media.length > 0 && { media }),
    ...(calls.length > 0 && { calls }),
    ...(results.length > 0 && { results }),
  };
}

function mediaOf({ type, source }: WireBlock): AskedMedia[] {
  if (source === undefined) return [];
  const where = source.data === undefined ? { url: source.url ?? "" } : { data: source.data };
  return [{ type: type === "image" ? "image" : "file", ...where }];
}

function blocksOf(content: string | readonly WireBlock[]): readonly WireBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

function textOf(blocks: readonly WireBlock[]): string {
  return blocks.map((block) => block.text ?? "").join("");
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
