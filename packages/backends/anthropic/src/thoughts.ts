import type Anthropic from "@anthropic-ai/sdk";
import type { Part, ProviderMeta } from "@parlor/core";

/** What Anthropic must get back with a thought, verbatim: the signature of its text, or the whole of it, encrypted. */
export type Seal = { readonly signature: string } | { readonly redacted: string };

export function toMeta(seal: Seal): ProviderMeta {
  return { anthropic: seal };
}

/** A thought as it came. Undefined for what carries no seal: another provider's, or one that was lost. */
export function toThought(part: Part): Anthropic.ThinkingBlockParam | Anthropic.RedactedThinkingBlockParam | undefined {
  const seal = part.type === "reasoning" ? part.meta?.["anthropic"] : undefined;
  if (part.type !== "reasoning" || typeof seal !== "object" || seal === null) return undefined;
  if ("redacted" in seal && typeof seal.redacted === "string") {
    return { type: "redacted_thinking", data: seal.redacted };
  }
  if (!("signature" in seal) || typeof seal.signature !== "string") return undefined;
  return { type: "thinking", thinking: part.text, signature: seal.signature };
}
