import type { History, Reply, Session, StoreStats } from "@parlor/core";
import type { Principal } from "../../auth/principal.ts";
import { isShown, textOf } from "../content.ts";

export function toChatReply(reply: Reply, session: Session | undefined, principal: Principal, provider: string) {
  return {
    response: reply.text,
    session_id: reply.session,
    timestamp: reply.createdAt,
    turn_count: session?.turnCount ?? 0,
    llm_provider: provider,
    model: reply.model,
    user_id: principal.name ?? principal.id,
    message_id: reply.message,
  };
}

export function toHistory({ session, messages }: History) {
  return {
    session_id: session.id,
    messages: messages.filter(isShown).map((message) => ({ role: message.role, content: textOf(message) })),
    turn_count: session.turnCount,
  };
}

export function toSessionRow(session: Session) {
  return { session_id: session.id, turns: session.turnCount, created_at: session.createdAt };
}

export function toStats({ sessions, messages }: StoreStats) {
  return {
    total_sessions: sessions,
    total_messages: messages,
    avg_messages_per_session: sessions === 0 ? 0 : messages / sessions,
  };
}

export function toMemoryStats({ sessions, maxSessions, ttlMs }: StoreStats) {
  return {
    memory_stats: {
      current_size: sessions,
      max_size: maxSessions ?? null,
      ttl_seconds: ttlMs === undefined ? null : ttlMs / 1000,
    },
  };
}
