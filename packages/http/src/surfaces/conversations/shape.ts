import type { ChatEngine, History, Message, Page, Session } from "@parlor/core";
import { isShown, reasoningOf, textOf } from "../content.ts";

export const defaultTitle = "New conversation";
const titleCharacters = 80;

export function toRow(session: Session, engine: ChatEngine) {
  return {
    id: session.id,
    session_id: session.id,
    user_id: session.owner,
    title: session.title ?? defaultTitle,
    model_tag: session.model ?? engine.models.current,
    is_favorited: session.favorite,
    created_at: session.createdAt,
    updated_at: session.updatedAt,
    message_count: session.messageCount,
  };
}

export function toRows(page: Page<Session>, engine: ChatEngine, { limit, offset }: { limit: number; offset: number }) {
  const items = page.items.map((session) => toRow(session, engine));
  const grouped = Object.groupBy(items, (item) => item.updated_at.slice(0, 10));
  return { items, conversations: items, grouped, limit, offset, next_cursor: page.cursor };
}

export function toDetail({ session, messages }: History, engine: ChatEngine) {
  const conversation = toRow(session, engine);
  const shown = messages.filter(isShown).map((message) => toMessage(session.id, message));
  return { ...conversation, conversation, messages: shown };
}

export function toMessage(conversation: string, message: Message) {
  const { meta } = message;
  return {
    id: message.id,
    conversation_id: conversation,
    role: message.role,
    content: textOf(message),
    token_count: meta?.usage?.outputTokens ?? message.tokens ?? null,
    model_tag: meta?.model ?? null,
    inference_time_ms: meta?.generationMs ?? null,
    status: message.status,
    created_at: message.createdAt,
    reasoning: reasoningOf(message) || undefined,
  };
}

/** What somebody says first, as one short line. */
export function toTitle(content: string): string {
  const line = content.replaceAll(/\s+/g, " ").trim();
  return Array.from(line).slice(0, titleCharacters).join("");
}
