import type { FinishReason, Usage } from "@parlor/core";
import type { CallFragment } from "./tool-calls.ts";

/** A chunk of the stream as providers send it; everything may be missing. */
export interface Chunk {
  readonly choices?: readonly Choice[] | null;
  readonly usage?: WireUsage | null;
  readonly x_groq?: { readonly usage?: WireUsage | null; readonly error?: unknown } | null;
  readonly error?: unknown;
  readonly base_resp?: { readonly status_code?: number } | null;
  /** Padding of OpenAI's, so that the length of an event does not tell that of its text. */
  readonly obfuscation?: string;
  /** llama-server's. */
  readonly timings?: { readonly cache_n?: unknown } | null;
}

export interface Choice {
  readonly index?: number;
  readonly delta?: Delta | null;
  /** In place of `delta` in an answer that comes in one piece. */
  readonly message?: Delta | null;
  readonly finish_reason?: string | null;
}

export interface Delta {
  readonly content?: string | null;
  readonly refusal?: string | null;
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
  readonly reasoning_details?: readonly ReasoningDetail[] | null;
  readonly tool_calls?: readonly CallFragment[] | null;
}

/** A piece of a thought, or what it is signed or encrypted with. */
export interface ReasoningDetail {
  readonly type?: unknown;
  readonly index?: unknown;
  readonly text?: unknown;
  readonly summary?: unknown;
  readonly [field: string]: unknown;
}

interface WireUsage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  readonly prompt_tokens_details?: { readonly cached_tokens?: unknown } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
  /** OpenRouter's: US dollars. */
  readonly cost?: unknown;
}

export function toUsage(usage: WireUsage, timings?: Chunk["timings"]): Usage | undefined {
  const { prompt_tokens: input, completion_tokens: output, cost } = usage;
  if (typeof input !== "number" || typeof output !== "number") return undefined;
  const cached = usage.prompt_tokens_details?.cached_tokens ?? timings?.cache_n;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens;
  return {
    inputTokens: input,
    outputTokens: output,
    ...(typeof cached === "number" && { cachedInputTokens: cached }),
    ...(typeof reasoning === "number" && { reasoningTokens: reasoning }),
    ...(typeof cost === "number" && { cost }),
  };
}

const reasons = new Map<string, FinishReason>([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool-calls"],
  ["function_call", "tool-calls"],
  ["content_filter", "content-filter"],
]);

/** Some servers say `stop` after tool calls. */
export function toFinishReason(reason: string, called: boolean): FinishReason {
  const meant = reasons.get(reason) ?? "other";
  return called && meant === "stop" ? "tool-calls" : meant;
}

/** Thoughts in `reasoning_details`: some providers send pieces, others the whole thought so far, again and again. */
export class ReasoningDetails {
  #sofar = "";
  #mode: "unknown" | "pieces" | "whole" = "unknown";

  /** What is new. */
  next(details: NonNullable<Delta["reasoning_details"]>): string {
    let text = "";
    for (const { text: piece, summary } of details) {
      const part = piece ?? summary;
      if (typeof part === "string") text += part;
    }
    const before = this.#sofar;
    if (text === "" || this.#mode === "pieces") return text;
    this.#sofar = text;
    const repeats = text.startsWith(before) && (this.#mode === "whole" || text.length > before.length);
    if (before !== "" && this.#mode === "unknown") this.#mode = repeats ? "whole" : "pieces";
    return repeats ? text.slice(before.length) : text;
  }
}
