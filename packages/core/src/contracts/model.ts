import type { FinishReason, Json, PromptMessage, ProviderMeta, Usage } from "./message.ts";

export type Capability = "streaming" | "reasoning" | "tools" | "images" | "files" | "structured-output" | "multi-turn";

/** Sampling settings of one call; what is absent is left to the backend's defaults. */
export interface ModelSettings {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  /** Most tokens to generate. */
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  /** Whether a model that can think should; absent: the model's own default. */
  readonly thinking?: boolean;
  /** How much it should think. A backend takes the nearest step that its model knows. */
  readonly effort?: ReasoningEffort;
  /** -2 to 2, where the provider has it; others ignore it. */
  readonly presencePenalty?: number;
  /** -2 to 2, where the provider has it; others ignore it. */
  readonly frequencyPenalty?: number;
  /** For answers that can be had again, where the provider has it; others ignore it. */
  readonly seed?: number;
}

export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/** How long the engine waits for a backend, in milliseconds. */
export interface Deadlines {
  /** To the first event. */
  readonly firstTokenMs: number;
  /** Between two reads. */
  readonly idleMs: number;
  /** For the whole call. */
  readonly totalMs: number;
}

export interface ModelInfo {
  /** As in OpenTelemetry's gen_ai.provider.name where it has a name: openai, anthropic, groq, llama.cpp … */
  readonly provider: string;
  readonly model: string;
  readonly kind: "cloud" | "local";
  readonly description?: string;
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number;
  readonly capabilities: readonly Capability[];
  readonly defaults: ModelSettings;
  /** Where this backend needs other waiting times than the engine's own. */
  readonly deadlines?: Partial<Deadlines>;
  /** Public address of the service, without credentials. */
  readonly baseUrl?: string;
  /** What a call costs; absent: not known, or nothing. */
  readonly prices?: ModelPrices;
}

/** US dollars per million tokens. */
interface TokenPrices {
  readonly input: number;
  readonly output: number;
  /** Of input tokens that the provider had in its cache; absent: as `input`. */
  readonly cachedInput?: number;
}

/** What the tokens of a model cost. */
export interface ModelPrices extends TokenPrices {
  /** Of all tokens of a call whose prompt has more than `inputTokens`, where long prompts cost more. */
  readonly above?: TokenPrices & { readonly inputTokens: number };
  /** The day these were read off the provider's page: YYYY-MM-DD. */
  readonly asOf: string;
}

/** JSON Schema (draft 2020-12) as plain JSON. */
export type JsonSchema = { readonly [keyword: string]: Json };

/** A tool as a model is told of it. */
export interface ToolSpec {
  /** 1–64 characters of A-Z a-z 0-9 _ -. */
  readonly name: string;
  readonly description?: string;
  /** Of the input, an object. */
  readonly inputSchema: JsonSchema;
  /** The provider must keep to the schema, where it can. */
  readonly strict?: boolean;
}

export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string };

/** What an answer must be. */
export type ResponseFormat =
  | { readonly type: "json" }
  | { readonly type: "json-schema"; readonly name: string; readonly schema: JsonSchema; readonly strict?: boolean };

export interface GenerateRequest {
  /** A leading `system` message where there is a system prompt; the last one is what to answer. */
  readonly messages: readonly PromptMessage[];
  readonly settings: ModelSettings;
  /** Only to a backend that has the capability `tools`. */
  readonly tools?: readonly ToolSpec[];
  /** Default: `auto`. */
  readonly toolChoice?: ToolChoice;
  /** Only to a backend that has the capability `structured-output`. */
  readonly responseFormat?: ResponseFormat;
  /** Whose call it is, for traces; a backend sends none of it. */
  readonly turn?: { readonly id: string; readonly session?: string };
  /** Told by a backend that asks again by itself why it does: the code of the failure. */
  readonly onRetry?: ((code: string) => void) | undefined;
}

export type BackendEvent = (
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "tool-call"; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "finish"; readonly reason: FinishReason }
) & { readonly meta?: ProviderMeta };

export interface Health {
  readonly healthy: boolean;
  /** Whether it could answer at once (a local model is loaded). */
  readonly loaded?: boolean;
  /** A sentence without secrets. */
  readonly detail?: string;
  /** Of a circuit breaker. */
  readonly circuit?: "closed" | "open" | "half-open";
  /** Where calls at once are limited: those that run, and those that wait. */
  readonly running?: number;
  readonly waiting?: number;
  /** Of a backend made of others: theirs, in order. */
  readonly backends?: readonly (Health & { readonly model: string })[];
}

/** A model that can be asked. One instance serves many calls at once. */
export interface ModelBackend {
  readonly info: ModelInfo;
  /**
   * Asks the model. Yields one array per network read, with all the text of that read in one event.
   *
   * MUST yield exactly one `finish` and nothing but `usage` after it. MUST throw when the model's stream ends without saying so
   * (`upstream_truncated`), breaks or makes no sense. MUST stop within 250 ms of `signal` and free what it holds, and may then
   * throw or return. Errors are `ChatError`s of the catalogue and never hold a key or an upstream body.
   */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<readonly BackendEvent[]>;
  /** Tokens these messages take in a prompt: exact, or an estimate that says so in the backend's docs. */
  countTokens(messages: readonly PromptMessage[]): number | Promise<number>;
  /** Passive, or cached for 15 s: never a paid call. */
  health(signal: AbortSignal): Promise<Health>;
  /** Frees everything. A second call does nothing. */
  close(): Promise<void>;
}
