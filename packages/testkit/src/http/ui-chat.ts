import assert from "node:assert/strict";
import { collect, type ServerEvent } from "./server-events.ts";
import type { Site } from "./suite.ts";

export const user = (id: string, text: string) => ({ id, role: "user", parts: [{ type: "text", text }] });

export const submit = (id: string, text: string, more: object = {}) => ({
  body: { id: "c1", messages: [user(id, text)], trigger: "submit-message", ...more },
});

export const again = (id: string, text: string, messageId?: string) =>
  submit(id, text, { trigger: "regenerate-message", messageId });

export interface UIMessage {
  readonly id: string;
  readonly role: string;
  readonly metadata: { readonly status: string };
  readonly parts: readonly { readonly type: string; readonly text?: string }[];
}

/** What the stream says, with the end of it; the ids of messages and the times in it are left out. */
export function partsOf(events: readonly ServerEvent[]): readonly object[] {
  assert.equal(events.at(-1)?.data, "[DONE]");
  return events.slice(0, -1).map(({ data }) => {
    const { messageId, messageMetadata, ...part } = JSON.parse(data);
    if (part.type === "start") assert.ok(messageId && messageMetadata.createdAt && messageMetadata.model);
    return part;
  });
}

export const say = async ({ events }: Site, asked: object) =>
  partsOf(await collect(events("POST", "/api/chat", asked)));

export async function stored({ ask }: Site, query = ""): Promise<readonly UIMessage[]> {
  return (await ask("GET", `/api/chat/c1/messages${query}`)).body as readonly UIMessage[];
}

export const textsOf = (messages: readonly UIMessage[]) =>
  messages.map(({ role, parts }) => [role, parts.map(({ text = "" }) => text).join("")]);
