import type { Capability, Deadlines, ModelSettings } from "@parlor/core";

/** Fields of a request. */
export type Fields = { readonly [field: string]: unknown };

/** In which field of a message thoughts go back to a service that wants them. */
export type ReasoningField = "reasoning" | "reasoning_content" | "reasoning_details";

/** What sets one service apart from others that speak the same protocol. */
export interface Service {
  /** As in `ModelInfo.provider`. */
  readonly name: string;
  readonly kind: "cloud" | "local";
  readonly baseURL: string;
  /** The key's variables, first set first, read for these hosts alone: a key must not go to a server it is not for. */
  readonly key?: { readonly variables: readonly string[]; readonly host: RegExp; readonly required: boolean };
  readonly capabilities: readonly Capability[];
  /** Whether it hears; default: as it takes files. */
  readonly audio?: boolean;
  /** OpenAI deprecated `max_tokens`, and its reasoning models refuse it; most others know nothing else. */
  readonly maxTokens: "max_tokens" | "max_completion_tokens";
  /** What settings become that the protocol has no common field for: `thinking`, `effort`, `topK`. */
  readonly fields: (settings: ModelSettings, model: string) => Fields;
  /** Settings it can work with in place of those it was given. */
  readonly adjust?: (settings: ModelSettings) => ModelSettings;
  /** Default: thoughts are not sent back. */
  readonly returnReasoning?: ReasoningField;
  /** Whether `reasoning_details` go back word for word, with signatures and what is encrypted, or not at all. */
  readonly keepsDetails?: boolean;
  /** Behind the base URL; default `/chat/completions`. */
  readonly path?: (model: string) => string;
  readonly deadlines?: Partial<Deadlines>;
}

const everything: readonly Capability[] = [
  "streaming",
  "reasoning",
  "tools",
  "images",
  "files",
  "structured-output",
  "multi-turn",
];

/** All that a service can do but for these. */
export function allBut(...lacking: readonly Capability[]): readonly Capability[] {
  return everything.filter((capability) => !lacking.includes(capability));
}

/** For servers that load a model when it is first asked for. */
export const loading: Partial<Deadlines> = { firstTokenMs: 300_000, totalMs: 1_800_000 };
