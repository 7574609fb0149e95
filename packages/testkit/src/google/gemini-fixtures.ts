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
import { toRecords } from "./records.ts";
import {
  errorBody,
  errorInfo,
  failure as toFailure,
  functionCall,
  quotaFailure,
  retryInfo,
  text,
  thoughts,
  type GeminiReply,
  type GeminiStep,
} from "./reply.ts";

/** How the Gemini API speaks, for `backendConformance`. */
export const geminiApi: ProviderFixtures = {
  answer(answer) {
    const records = toRecords(toReply(answer), "fake");
    return { records, whole: records.length - 1 };
  },
  failure(failure) {
    if (failure.code === "content_filter") return blocked;
    const [code, status] = failures[failure.code];
    const { status: http = 500, headers = {}, body = "" } = toFailure(code, status, toldOf(failure));
    return { status: http, headers, body };
  },
  failureInStream(failure) {
    const inStream: readonly FailureCode[] = ["backend_error", "backend_overloaded", "backend_rate_limited"];
    if (!inStream.includes(failure.code) || failure.code === "content_filter") return undefined;
    const [code, status] = failures[failure.code];
    const { message, details } = toldOf(failure);
    return `data: ${JSON.stringify(errorBody(code, status, message, details))}\n\n`;
  },
  asked: ({ body }) => toAsked(body as unknown as WireRequest),
};

const blocked = {
  headers: { "content-type": "text/event-stream" },
  body: `data: ${JSON.stringify({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" } })}\n\n`,
};

const failures: { readonly [code in Exclude<FailureCode, "content_filter">]: readonly [code: number, status: string] } =
  {
    backend_auth: [400, "INVALID_ARGUMENT"],
    backend_quota: [429, "RESOURCE_EXHAUSTED"],
    backend_rate_limited: [429, "RESOURCE_EXHAUSTED"],
    backend_overloaded: [503, "UNAVAILABLE"],
    backend_timeout: [504, "DEADLINE_EXCEEDED"],
    backend_bad_request: [404, "NOT_FOUND"],
    backend_error: [500, "INTERNAL"],
    context_too_long: [400, "INVALID_ARGUMENT"],
  };

function toldOf({ code, message, retryAfterSeconds }: Failure): { message: string; details: readonly Json[] } {
  const details: Json[] = [];
  if (code === "backend_auth") details.push(errorInfo("API_KEY_INVALID"));
  if (code === "backend_quota") details.push(quotaFailure("GenerateRequestsPerDayPerProjectPerModel-FreeTier"));
  if (code === "backend_rate_limited")
    details.push(quotaFailure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"));
  if (retryAfterSeconds !== undefined) details.push(retryInfo(`${retryAfterSeconds}s`));
  if (code !== "context_too_long") return { message, details };
  const long = "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).";
  return { message: `${long} ${message}`, details };
}

const finishes: { readonly [reason in FinishReason]: string } = {
  stop: "STOP",
  length: "MAX_TOKENS",
  "tool-calls": "STOP",
  "content-filter": "SAFETY",
  other: "OTHER",
};

function toReply({ said, finish = "stop", usage }: Answer): GeminiReply {
  const steps = said.flatMap((one): GeminiStep[] => {
    if ("text" in one) return text(one.text);
    if ("reasoning" in one) return thoughts(one.reasoning);
    const { id, name, fragments } = one.call;
    // Arguments come whole.
    return [functionCall(name, JSON.parse(fragments.join("") || "{}") as { [field: string]: Json }, { id })];
  });
  const { inputTokens = 10, outputTokens = 5, cachedInputTokens: cached, reasoningTokens = 0 } = usage ?? {};
  return {
    steps,
    finish: finishes[finish],
    usage: {
      prompt: inputTokens,
      candidates: outputTokens - reasoningTokens,
      ...(cached !== undefined && { cached }),
      ...(reasoningTokens > 0 && { thoughts: reasoningTokens }),
    },
  };
}

interface WireRequest {
  readonly contents: readonly { readonly role: string; readonly parts: readonly WirePart[] }[];
  readonly systemInstruction?: { readonly parts: readonly WirePart[] };
  readonly tools?: readonly {
    readonly functionDeclarations: readonly {
      readonly name: string;
      readonly description?: string;
      readonly parametersJsonSchema: never;
    }[];
  }[];
  readonly toolConfig?: {
    readonly functionCallingConfig: { readonly mode: string; readonly allowedFunctionNames?: readonly string[] };
  };
  readonly generationConfig?: {
    readonly maxOutputTokens?: number;
    readonly responseMimeType?: string;
    readonly responseJsonSchema?: Json;
  };
}

interface WirePart {
  readonly text?: string;
  readonly inlineData?: { readonly mimeType: string; readonly data: string };
  readonly fileData?: { readonly mimeType?: string; readonly fileUri: string };
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args: unknown };
  readonly functionResponse?: { readonly id?: string; readonly response: { readonly output?: unknown } };
}

function toAsked({
  contents,
  systemInstruction: system,
  tools,
  toolConfig,
  generationConfig = {},
}: WireRequest): Asked {
  const { maxOutputTokens, responseMimeType, responseJsonSchema } = generationConfig;
  const declared = tools?.flatMap(({ functionDeclarations }) => functionDeclarations);
  const json = responseMimeType === "application/json";
  return {
    ...(system && { system: textOf(system.parts) }),
    messages: contents.map(toMessage),
    ...(maxOutputTokens !== undefined && { maxTokens: maxOutputTokens }),
    ...(declared && {
      tools: declared.map(({ parametersJsonSchema: inputSchema, ...tool }) => ({ ...tool, inputSchema })),
    }),
    ...(toolConfig && { toolChoice: toChoice(toolConfig.functionCallingConfig) }),
    ...(json && { format: responseJsonSchema === undefined ? "json" : { schema: responseJsonSchema } }),
  };
}

function toChoice({ mode, allowedFunctionNames }: NonNullable<WireRequest["toolConfig"]>["functionCallingConfig"]) {
  const [tool] = allowedFunctionNames ?? [];
  if (tool !== undefined) return { tool };
  return mode === "ANY" ? "required" : mode === "NONE" ? "none" : "auto";
}

function toMessage({ role, parts }: WireRequest["contents"][number]): AskedMessage {
  const results = parts.flatMap(({ functionResponse: result }) =>
    result ? [{ id: result.id ?? "", output: result.response.output }] : [],
  );
  if (results.length > 0) return { role: "tool", text: textOf(parts), results };
  const media = parts.flatMap(mediaIn);
  const calls = parts.flatMap(({ functionCall: call }) =>
    call ? [{ id: call.id ?? "", name: call.name, input: call.args }] : [],
  );
  return {
    role: role === "model" ? "assistant" : "user",
    text: textOf(parts),
    ...(media.length > 0 && { media }),
    ...(calls.length > 0 && { calls }),
  };
}

function mediaIn({ inlineData, fileData }: WirePart): AskedMedia[] {
  const found = inlineData ?? fileData;
  if (found === undefined) return [];
  const [kind] = (found.mimeType ?? "image/*").split("/");
  const type = kind === "image" || kind === "audio" ? kind : "file";
  return [{ type, ...(inlineData ? { data: inlineData.data } : { url: fileData?.fileUri ?? "" }) }];
}

const textOf = (parts: readonly WirePart[]): string => parts.map((part) => part.text ?? "").join("");
