import type { NewMessage, SessionKey } from "../contracts/index.ts";
import { alone, betweenTurns } from "./alone.ts";
import { eraseOwner } from "./erase.ts";
import { heal } from "./fold.ts";
import { checkKey } from "./input.ts";
import type { Parts } from "./parts.ts";
import type { Sessions } from "./types.ts";

/** The session store, with live and dead turns taken care of. */
export function createSessions(parts: Parts, stop: (key: SessionKey) => Promise<boolean>): Sessions {
  const { sessions, turns } = parts.storage;

  return {
    async create(key, init = {}) {
      checkKey(key.owner, key.id);
      return sessions.create(key, init);
    },
    get: async (key) => sessions.get(key),
    update: async (key, patch) => sessions.update(key, patch),
    async history(key, page = {}) {
      const request = { limit: 100, ...page };
      let [session, messages] = await Promise.all([sessions.get(key), sessions.messages(key, request)]);
      if (!session || !messages) return undefined;
      if (await heal(parts, key, messages))
        [session, messages] = await Promise.all([sessions.get(key), sessions.messages(key, request)]);
      return session && messages && { session, messages };
    },
    async list(owner, page = {}) {
      checkKey(owner);
      return sessions.list(owner, { limit: 50, ...page });
    },
    add: (key, { role, text }) =>
      betweenTurns(parts, key, async () => {
        if (!(await sessions.get(key))) return undefined;
        const message: NewMessage = {
          id: parts.newId(),
          role,
          parts: [{ type: "text", text }],
          createdAt: new Date(parts.clock.now()).toISOString(),
          status: "complete",
        };
        await sessions.append(key, [message]);
        return sessions.message(key, message.id);
      }),
    clear: (key) => alone(parts, key, stop, () => sessions.clear(key)),
    delete: (key) =>
      alone(parts, key, stop, async () => {
        const deleted = await sessions.delete(key);
        await turns.forget(key.owner, key.id);
        return deleted;
      }),
    deleteOwner: (owner) => parts.admission.erasing(owner, () => eraseOwner(parts, owner, stop)),
    stats: async (owner) => sessions.stats(owner),
  };
}
