import { type ChatEngine, ChatError, type Session, type SessionKey } from "@parlor/core";

export const conversationNotFound = (): ChatError => new ChatError("session_not_found", "conversation not found");

/** Throws `session_not_found`. */
export async function conversationOf(engine: ChatEngine, key: SessionKey): Promise<Session> {
  const session = await engine.sessions.get(key);
  if (!session) throw conversationNotFound();
  return session;
}

/** Throws `unknown_model`. */
export function knownModel(engine: ChatEngine, tag: string): void {
  if (engine.models.list().some((model) => model.tag === tag)) return;
  throw new ChatError("unknown_model", "There is no such model here; GET /api/models lists those that there are.");
}
