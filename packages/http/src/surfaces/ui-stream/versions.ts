import type { ChatEngine, Message, SessionKey } from "@parlor/core";

// useChat keeps a message's id when it is edited, and ids of stored messages are unique: the first version is stored under the client's
// own id, the nth as `id#n`. Clients see and send the id without it.
const version = /#\d+$/;

export const toClientId = (stored: string): string => stored.replace(version, "");

const toStoredId = (id: string, n: number) => (n === 1 && !version.test(id) ? id : `${id}#${n}`);

export interface Versions {
  /** The one that has not been replaced. */
  readonly standing: Message | undefined;
  /** The id of the next. */
  readonly next: string;
}

/** What is stored of a message that the client calls so. */
export async function versionsOf(engine: ChatEngine, key: SessionKey, id: string): Promise<Versions> {
  let standing: Message | undefined;
  for (let n = 1; ; n += 1) {
    const stored = toStoredId(id, n);
    const found = await engine.storage.sessions.message(key, stored);
    if (!found) return { standing, next: stored };
    // An edit whose answer failed is a later version, and replaced nothing.
    if (found.status !== "superseded") standing = found;
  }
}
