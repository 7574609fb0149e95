import type { PromptMessage } from "../contracts/index.ts";

/** So much of what a message costs. */
export interface Budget {
  readonly name: "messages" | "characters" | "tokens";
  readonly limit: number;
  cost(message: PromptMessage): number;
}

/** At most `limit` messages besides the system prompt. */
export function lastMessages(limit: number): Budget {
  return { name: "messages", limit, cost: (message) => (message.role === "system" ? 0 : 1) };
}

/** At most `limit` characters (UTF-16 code units) of text and tool data, the system prompt's included. */
export function characters(limit: number): Budget {
  return { name: "characters", limit, cost: charactersOf };
}

/** At most `limit` tokens by the counts stored with the messages; `count` is asked for those that have none. */
export function tokens(limit: number, count: (message: PromptMessage) => number): Budget {
  return { name: "tokens", limit, cost: (message) => message.tokens ?? count(message) };
}

/** Characters a message brings into a prompt. Reasoning is not sent back, so it costs nothing. */
export function charactersOf(message: PromptMessage): number {
  let sum = 0;
  for (const part of message.parts) {
    if (part.type === "text") sum += part.text.length;
    else if (part.type === "tool-call") sum += part.name.length + (JSON.stringify(part.input)?.length ?? 0);
    else if (part.type === "tool-result") sum += JSON.stringify(part.output)?.length ?? 0;
  }
  return sum;
}
