import assert from "node:assert/strict";
import type { ServerEvent } from "./server-events.ts";
import type { Site } from "./suite.ts";

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly updated_at: string;
}

export interface Detail extends Row {
  readonly messages: readonly {
    readonly id: string;
    readonly role: string;
    readonly content: string;
    readonly status: string;
  }[];
}

export const row = {
  id: "id",
  session_id: "id",
  user_id: "ada",
  title: "New conversation",
  model_tag: "script-1",
  is_favorited: false,
  created_at: "time",
  updated_at: "time",
  message_count: 0,
};

/** Makes a conversation; its id. */
export async function begin({ ask }: Pick<Site, "ask">, body: object = {}, as?: string): Promise<string> {
  const answer = await ask("POST", "/api/conversations", { body, ...(as && { as }) });
  assert.equal(answer.status, 201, answer.text);
  return (answer.body as Row).id;
}

export const read = async ({ ask }: Pick<Site, "ask">, id: string, query = "") =>
  (await ask("GET", `/api/conversations/${id}${query}`)).body as Detail;

export const contents = ({ messages }: Detail) => messages.map(({ role, content }) => [role, content]);

/** What a front end of this API reads out of its lines. */
export function seenBy(events: readonly ServerEvent[]) {
  const data = events.map((event) => JSON.parse(event.data) as Record<string, unknown>);
  return { text: data.map(({ token }) => (typeof token === "string" ? token : "")).join(""), last: data.at(-1), data };
}

export const say = (content: string) => ({ body: { content } });
