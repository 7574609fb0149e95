import type { Chat } from "@ai-sdk/react";
import type { UIMessage } from "ai";

export const textOf = (message: UIMessage | undefined): string =>
  (message?.parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");

/** Resolves once the page's messages are so. */
export async function until(chat: Chat<UIMessage>, done: () => boolean): Promise<void> {
  if (done()) return;
  await new Promise<void>((resolve) => {
    const stop = chat["~registerMessagesCallback"](() => {
      if (!done()) return;
      stop();
      resolve();
    });
  });
}
