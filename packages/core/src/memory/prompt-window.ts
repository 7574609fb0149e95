import type { Message, NewMessage } from "../contracts/index.ts";

/** Characters of text in a message (UTF-16 units, reasoning left out): what a window's `maxCharacters` counts. */
export function textLength(message: Pick<NewMessage, "parts">): number {
  let length = 0;
  for (const part of message.parts) if (part.type === "text") length += part.text.length;
  return length;
}

/** Whether a window holds this message: it is settled and stands, and has something in it besides reasoning and empty text. */
export function belongsInWindow(message: Pick<Message, "status" | "parts">): boolean {
  if (message.status !== "complete" && message.status !== "interrupted") return false;
  return message.parts.some((part) => (part.type === "text" ? part.text !== "" : part.type !== "reasoning"));
}
