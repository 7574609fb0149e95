import type { Message } from "@parlor/core";

/** The text of a message. */
export function textOf(message: Message): string {
  let text = "";
  for (const part of message.parts) if (part.type === "text") text += part.text;
  return text;
}

/** What the model thought, where it shows it. */
export function reasoningOf(message: Message): string {
  let text = "";
  for (const part of message.parts) if (part.type === "reasoning") text += part.text;
  return text;
}

/** What a conversation consists of for people: what they said and what was answered, not what failed without a word. */
export function isShown(message: Message): boolean {
  if (message.role === "user") return true;
  return message.role !== "tool" && message.status !== "streaming" && textOf(message) !== "";
}
