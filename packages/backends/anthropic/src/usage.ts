import type { Usage } from "@parlor/core";

export interface WireUsage {
  readonly input_tokens?: unknown;
  readonly cache_creation_input_tokens?: unknown;
  readonly cache_read_input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly output_tokens_details?: { readonly thinking_tokens?: unknown } | null;
}

/** Counts come several times in a stream, each the whole so far: the last one given counts, and nothing is added up. */
export class UsageCount {
  #input: number | undefined;
  #written = 0;
  #read: number | undefined;
  #output: number | undefined;
  #thinking: number | undefined;

  add(usage: WireUsage | null | undefined): void {
    if (!usage) return;
    this.#input = number(usage.input_tokens) ?? this.#input;
    this.#written = number(usage.cache_creation_input_tokens) ?? this.#written;
    this.#read = number(usage.cache_read_input_tokens) ?? this.#read;
    this.#output = number(usage.output_tokens) ?? this.#output;
    this.#thinking = number(usage.output_tokens_details?.thinking_tokens) ?? this.#thinking;
  }

  /** `input_tokens` leaves out what was written to the cache and read from it; ours does not. */
  get usage(): Usage | undefined {
    if (this.#input === undefined || this.#output === undefined) return undefined;
    return {
      inputTokens: this.#input + this.#written + (this.#read ?? 0),
      outputTokens: this.#output,
      ...(this.#read !== undefined && { cachedInputTokens: this.#read }),
      ...(this.#thinking !== undefined && { reasoningTokens: this.#thinking }),
    };
  }
}

const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
