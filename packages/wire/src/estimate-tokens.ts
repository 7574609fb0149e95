import { mediaTokens, type PromptMessage } from "@parlor/core";

/** An estimate: a quarter of the characters and 4 for each message; media by `mediaTokens`; nothing for reasoning. */
export function estimateTokens(messages: readonly PromptMessage[]): number {
  let tokens = 0;
  for (const { parts } of messages) {
    let characters = 0;
    tokens += 4;
    for (const part of parts) {
      if (part.type === "text") characters += part.text.length;
      else if (part.type === "tool-call") characters += part.name.length + toText(part.input).length;
      else if (part.type === "tool-result") characters += toText(part.output).length;
      else if (part.type !== "reasoning") tokens += mediaTokens(part);
    }
    tokens += Math.ceil(characters / 4);
  }
  return tokens;
}

/** A value as a model reads it: text as it is, anything else as JSON. */
export function toText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
}
