import type { Message, NewMessage } from "../contracts/index.ts";

/** Of a data: URL a window counts one character in so many: a few pictures must not push out the text around them. */
const mediaShare = 4;

/**
 * What a window's `maxCharacters` counts of a message, whole UTF-16 units: its text, a quarter of each data: URL, and other
 * addresses with their length. Reasoning and tool data count nothing.
 */
export function windowCharacters({ parts }: Pick<NewMessage, "parts">): number {
  let sum = 0;
  for (const part of parts) {
    if (part.type === "text") sum += part.text.length;
    else if ("url" in part) sum += /^data:/i.test(part.url) ? Math.ceil(part.url.length / mediaShare) : part.url.length;
  }
  return sum;
}

/** Whether a message has something in it that a prompt can use: anything but reasoning and empty text. */
export function hasContent({ parts }: Pick<NewMessage, "parts">): boolean {
  return parts.some((part) => (part.type === "text" ? part.text !== "" : part.type !== "reasoning"));
}

/** Whether a window holds this message: it is settled and stands, and has content. */
export function belongsInWindow(message: Pick<Message, "status" | "parts">): boolean {
  return (message.status === "complete" || message.status === "interrupted") && hasContent(message);
}
