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

/** What is stored of a message that the client calls so. However often it was said anew, few reads find the last version. */
export async function versionsOf(engine: ChatEngine, key: SessionKey, id: string): Promise<Versions> {
  const read = new Map<number, Message | undefined>();
  const version = async (n: number) => {
    if (!read.has(n)) read.set(n, await engine.storage.sessions.message(key, toStoredId(id, n)));
    return read.get(n);
  };
  // They have no gaps: in leaps beyond the last one, and back by halves.
  let last = 0;
  let beyond = 1;
  while (await version(beyond)) [last, beyond] = [beyond, beyond * 2];
  while (beyond - last > 1) {
    const between = (last + beyond) >> 1;
    if (await version(between)) last = between;
    else beyond = between;
  }
  // An edit whose answer failed is a later version, and replaced nothing.
  let standing = last;
  while (standing > 0 && (await version(standing))?.status === "superseded") standing -= 1;
  return { standing: read.get(standing), next: toStoredId(id, beyond) };
}
