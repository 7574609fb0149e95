import { type ChatEngine, ChatError, type MessagePage, type SessionKey } from "@parlor/core";

/** The page of messages before the one with this id, or the last one. Throws `not_found` for an id that the session does not have. */
export async function pageBefore(
  engine: ChatEngine,
  key: SessionKey,
  limit: number,
  before: string | undefined,
): Promise<MessagePage> {
  if (before === undefined) return { limit };
  const message = await engine.storage.sessions.message(key, before);
  if (!message) throw new ChatError("not_found", "There is no message with the id given as `before`.");
  return { limit, before: message.seq };
}
