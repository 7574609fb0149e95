import type { FinishReason, Json, Usage } from "@parlor/core";

// The parts of generateContent's JSON that we write and read: https://ai.google.dev/api/generate-content

export interface Content {
  readonly role: "user" | "model";
  readonly parts: readonly Part[];
}

/** One of `text`, `functionCall` and so on, which may carry a signature. */
export interface Part {
  readonly text?: string;
  /** `text` tells what the model thinks. */
  readonly thought?: boolean;
  /** What the model must get back verbatim, on the same kind of part. */
  readonly thoughtSignature?: string;
  readonly functionCall?: { readonly id?: string; readonly name?: string; readonly args?: unknown };
  readonly functionResponse?: { readonly id?: string; readonly name: string; readonly response: object };
  readonly inlineData?: { readonly mimeType: string; readonly data: string };
  readonly fileData?: { readonly fileUri: string; readonly mimeType?: string };
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly description?: string;
  readonly parametersJsonSchema: Json;
}

export interface GenerationConfig {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly maxOutputTokens?: number;
  readonly stopSequences?: string[];
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
  readonly responseMimeType?: string;
  readonly responseJsonSchema?: Json;
  readonly thinkingConfig?: ThinkingConfig;
}

/** A level and a budget together are refused. */
export interface ThinkingConfig {
  readonly includeThoughts?: boolean;
  /** From Gemini 3 on. */
  readonly thinkingLevel?: string;
  /** Tokens, of Gemini 2.5: 0 is none, -1 as many as it likes. */
  readonly thinkingBudget?: number;
}

export interface SafetySetting {
  /** `HARM_CATEGORY_HARASSMENT` and its like. */
  readonly category: string;
  /** `BLOCK_NONE`, `BLOCK_ONLY_HIGH` and their like. */
  readonly threshold: string;
}

export interface RequestBody {
  readonly contents: readonly Content[];
  readonly systemInstruction?: { readonly parts: readonly Part[] };
  readonly tools?: readonly { readonly functionDeclarations: readonly FunctionDeclaration[] }[];
  readonly toolConfig?: {
    readonly functionCallingConfig: { readonly mode: string; readonly allowedFunctionNames?: string[] };
  };
  readonly safetySettings?: readonly SafetySetting[];
  readonly generationConfig: GenerationConfig;
}

/** A chunk of the stream; everything may be missing. */
export interface Chunk {
  readonly candidates?: readonly Candidate[] | null;
  readonly promptFeedback?: { readonly blockReason?: string | null } | null;
  readonly usageMetadata?: UsageMetadata | null;
  readonly error?: unknown;
}

export interface Candidate {
  readonly index?: number;
  readonly content?: { readonly parts?: readonly Part[] | null } | null;
  readonly finishReason?: string | null;
}

export interface UsageMetadata {
  readonly promptTokenCount?: unknown;
  readonly cachedContentTokenCount?: unknown;
  readonly toolUsePromptTokenCount?: unknown;
  readonly candidatesTokenCount?: unknown;
  readonly thoughtsTokenCount?: unknown;
}

/** The prompt's count has the cached tokens in it; the candidates' count lacks the thoughts, which are paid as output. */
export function toUsage(usage: UsageMetadata): Usage | undefined {
  const { promptTokenCount: prompt, cachedContentTokenCount: cached, thoughtsTokenCount: thoughts } = usage;
  if (typeof prompt !== "number") return undefined;
  const count = (value: unknown): number => (typeof value === "number" ? value : 0);
  return {
    inputTokens: prompt + count(usage.toolUsePromptTokenCount),
    outputTokens: count(usage.candidatesTokenCount) + count(thoughts),
    ...(typeof cached === "number" && { cachedInputTokens: cached }),
    ...(typeof thoughts === "number" && { reasoningTokens: thoughts }),
  };
}

const reasons = new Map<string, FinishReason>([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  // More would come for another call with a token, which is not asked for.
  ["CONTINUATION", "length"],
  ["SAFETY", "content-filter"],
  ["RECITATION", "content-filter"],
  ["BLOCKLIST", "content-filter"],
  ["PROHIBITED_CONTENT", "content-filter"],
  ["SPII", "content-filter"],
  ["IMAGE_SAFETY", "content-filter"],
  ["IMAGE_PROHIBITED_CONTENT", "content-filter"],
  ["IMAGE_RECITATION", "content-filter"],
]);

/** Turns that call tools end with `STOP`, too. What is neither here nor a failure (`LANGUAGE`, `OTHER`) is `other`. */
export function toFinishReason(reason: string, called: boolean): FinishReason {
  const meant = reasons.get(reason) ?? "other";
  return called && meant === "stop" ? "tool-calls" : meant;
}

/** With these the model broke off what it was about to say, and there is nothing in the answer that tells. */
export const malformed: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "UNEXPECTED_TOOL_CALL",
]);
