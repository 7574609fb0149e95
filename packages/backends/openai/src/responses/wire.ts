import type { Usage } from "@parlor/core";

/** An event of the stream as servers send it; everything may be missing. */
export interface ResponsesEvent {
  readonly type?: string;
  readonly delta?: unknown;
  readonly summary_index?: number;
  readonly item?: Item | null;
  readonly response?: WireResponse | null;
  readonly error?: unknown;
}

/** One item of an answer. */
export interface Item {
  readonly type?: string;
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly phase?: string | null;
  readonly content?: readonly { readonly text?: string; readonly refusal?: string }[] | null;
}

/** An answer, at the end of a stream or in one piece. */
export interface WireResponse {
  readonly status?: string;
  readonly error?: unknown;
  readonly incomplete_details?: { readonly reason?: string } | null;
  readonly output?: readonly Item[] | null;
  readonly usage?: WireUsage | null;
}

interface WireUsage {
  readonly input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly input_tokens_details?: { readonly cached_tokens?: unknown } | null;
  readonly output_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
}

/** Input includes what was cached, output what was thought, as ours do. */
export function toUsage(usage: WireUsage): Usage | undefined {
  const { input_tokens: input, output_tokens: output } = usage;
  if (typeof input !== "number" || typeof output !== "number") return undefined;
  const cached = usage.input_tokens_details?.cached_tokens;
  const reasoning = usage.output_tokens_details?.reasoning_tokens;
  return {
    inputTokens: input,
    outputTokens: output,
    ...(typeof cached === "number" && { cachedInputTokens: cached }),
    ...(typeof reasoning === "number" && { reasoningTokens: reasoning }),
  };
}
