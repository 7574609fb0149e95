/** JSON as it is stored and sent. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a provider must get back verbatim (signatures, redacted thinking, ids), under the provider's name. */
export type ProviderMeta = { readonly [provider: string]: Json };

export type Role = "system" | "user" | "assistant" | "tool";

/**
 * One piece of a message. `url` may be a data: URL; the engine never fetches one. A stored answer that used the engine's tools holds
 * calls and results in their order; a backend gets them apart, as assistant and tool messages.
 */
export type Part = (
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "image"; readonly url: string; readonly mediaType?: string }
  | { readonly type: "audio"; readonly url: string; readonly mediaType?: string }
  | { readonly type: "file"; readonly url: string; readonly mediaType?: string; readonly name?: string }
  | { readonly type: "tool-call"; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly type: "tool-result"; readonly id: string; readonly output: unknown; readonly isError?: boolean }
) & { readonly meta?: ProviderMeta };

/**
 * `streaming`: its turn has not settled. `interrupted`: stopped, what was generated is kept.
 * `superseded`: replaced by a regenerated or edited version, left out of counts and prompts.
 */
export type MessageStatus = "complete" | "streaming" | "interrupted" | "failed" | "superseded";

/** Tokens of one model call. `inputTokens` includes cached ones, `outputTokens` includes reasoning. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens?: number;
  readonly reasoningTokens?: number;
  /** US dollars, where the model's prices are known. */
  readonly cost?: number;
  /** Counted by the engine because the provider did not say. */
  readonly estimated?: boolean;
}

export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "other";

export interface MessageMeta {
  readonly model?: string;
  readonly usage?: Usage;
  readonly finishReason?: FinishReason;
  /** From the start of the model call to its end, in milliseconds. */
  readonly generationMs?: number;
  /** Catalogue code of the failure, on a failed message. */
  readonly error?: string;
  /** How many earlier messages did not fit the prompt of this answer. */
  readonly leftOut?: number;
  /** The seqs that its settling supersedes (regenerate, edit). */
  readonly supersedes?: { readonly from: number; readonly to: number };
  /** Of the answer to an edit: id of the first message that was said anew. */
  readonly edit?: string;
  readonly provider?: ProviderMeta;
}

/** A message before a store has given it its place. */
export interface NewMessage {
  /** UUIDv7, or the client's own id where its protocol has one. */
  readonly id: string;
  readonly role: Role;
  readonly parts: readonly Part[];
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly status: MessageStatus;
  /** The turn that made it. */
  readonly turn?: string;
  /** Tokens of this message as counted when it was stored; absent: not counted yet. */
  readonly tokens?: number;
  readonly meta?: MessageMeta;
}

/** A stored message. Order and cursors are `seq`, given by the store, growing within a session; never id or time. */
export interface Message extends NewMessage {
  readonly seq: number;
}

/** What a backend sees of a message. */
export type PromptMessage = Pick<NewMessage, "role" | "parts" | "tokens" | "meta">;
