import type { NewMessage, PageRequest, Session, SessionKey, SessionStore } from "@parlor/core";
import { type Defect, replace, roundTrip } from "./replace.ts";

const broken = (
  name: string,
  noticedBy: string,
  methods: (sessions: SessionStore) => Partial<SessionStore>,
): Defect => ({
  name,
  noticedBy,
  breaks: ({ sessions }) => ({ sessions: replace(sessions, methods(sessions)) }),
});

/** Text as a store keeps it that cannot keep all text. */
const mangled = (message: NewMessage, mangle: (text: string) => string): NewMessage => ({
  ...message,
  parts: message.parts.map((part) => (part.type === "text" ? { ...part, text: mangle(part.text) } : part)),
});

const appending = (sessions: SessionStore, change: (message: NewMessage) => NewMessage): Partial<SessionStore> => ({
  append: (key, messages) => sessions.append(key, messages.map(change)),
  open: (key, request) => sessions.open(key, { ...request, append: request.append.map(change) }),
});

/** Every session of an owner, in the order of the list. */
const everything = async (sessions: SessionStore, owner: string) =>
  (await sessions.list(owner, { limit: 100_000 })).items;

const page = (items: readonly Session[], more: boolean, cursor: string) => (more ? { items, cursor } : { items });

export const brokenSessions: readonly Defect[] = [
  broken(
    "an append is lost when two come at once",
    "appends at once on two nodes lose nothing and keep each append together",
    (sessions) => {
      const running = new Set<string>();
      return {
        append: async (key, messages) => {
          const name = JSON.stringify(key);
          const late = running.has(name);
          running.add(name);
          await roundTrip();
          running.delete(name);
          return sessions.append(key, late ? [] : messages);
        },
      };
    },
  ),
  broken("an append takes one message at a time", "a reader never sees part of an append, nor a gap", (sessions) => ({
    append: async (key, messages) => {
      for (const message of messages) {
        await sessions.append(key, [message]);
        await roundTrip();
      }
      return sessions.append(key, []);
    },
  })),
  broken("an update writes the whole session back", "updates of different fields at once are all kept", (sessions) => ({
    update: async (key, patch) => {
      const before = await sessions.get(key);
      if (!before) return undefined;
      const { title, model, favorite, metadata } = before;
      await roundTrip();
      return sessions.update(key, { ...(title && { title }), ...(model && { model }), favorite, metadata, ...patch });
    },
  })),
  broken(
    "messages come newest first",
    "messages come back as they were given, in order, with growing seqs",
    (sessions) => ({
      messages: async (key, request) => (await sessions.messages(key, request))?.toReversed(),
    }),
  ),
  broken("messages are ordered by id", "messages are paged backwards by seq", (sessions) => ({
    messages: async (key, { limit, ...request }) => {
      const all = await sessions.messages(key, { ...request, limit: 100_000 });
      return all?.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(-limit);
    },
  })),
  broken(
    "a repeated append is added again",
    "a message that is there already is not added again, nor changed",
    (sessions) => {
      let copies = 0;
      return {
        append: async (key, messages) => {
          const known = await Promise.all(messages.map(({ id }) => sessions.message(key, id)));
          return sessions.append(
            key,
            messages.map((message, at) => (known[at] ? { ...message, id: `${message.id} ${copies++}` } : message)),
          );
        },
      };
    },
  ),
  broken("a session is found by its id alone", "the same id of two owners is two sessions", (sessions) => {
    const owners = new Map<string, string>();
    return {
      open: async (key, request) => {
        owners.set(key.id, owners.get(key.id) ?? key.owner);
        return sessions.open(key, request);
      },
      get: async (key) => (await sessions.get(key)) ?? sessions.get({ ...key, owner: owners.get(key.id) ?? key.owner }),
    };
  }),
  broken("owner and id are joined by a colon", "owners and ids that look alike stay apart", (sessions) => {
    const cache = new Map<string, ReturnType<SessionStore["message"]>>();
    return {
      message: (key, id) => {
        const name = `${key.owner}:${key.id}:${id}`;
        const found = cache.get(name) ?? sessions.message(key, id);
        cache.set(name, found);
        return found;
      },
    };
  }),
  broken("owners are compared without case", "owners and ids that look alike stay apart", (sessions) => {
    const owners = new Set<string>();
    return {
      open: (key, request) => {
        owners.add(key.owner);
        return sessions.open(key, request);
      },
      deleteOwner: async (owner) => {
        let deleted = 0;
        for (const other of owners)
          if (other.toLowerCase() === owner.toLowerCase()) deleted += await sessions.deleteOwner(other);
        return deleted;
      },
    };
  }),
  broken(
    "a session whose time is over is still shown",
    "a session that nobody writes to for its time goes, and one that is being answered stays",
    (sessions) => {
      const shown = new Map<string, Session>();
      return {
        get: async (key) => {
          const found = (await sessions.get(key)) ?? shown.get(JSON.stringify(key));
          if (found) shown.set(JSON.stringify(key), found);
          return found;
        },
        open: async (key, request) => {
          const opened = await sessions.open(key, request);
          shown.set(JSON.stringify(key), opened.session);
          return opened;
        },
        delete: async (key) => {
          shown.delete(JSON.stringify(key));
          return sessions.delete(key);
        },
      };
    },
  ),
  broken("messages left streaming are not counted", "how many messages are being written comes along", (sessions) => ({
    open: async (...args) => ({ ...(await sessions.open(...args)), streaming: 0 }),
  })),
  broken("settling never fails", "what no longer stands so is not settled", (sessions) => ({
    settle: async (...args) => (await sessions.settle(...args)) || true,
  })),
  broken(
    "settling supersedes nothing",
    "a range is superseded in the same step, the settled message excepted",
    (sessions) => ({
      settle: (key, message, { turn }) => sessions.settle(key, message, { turn }),
    }),
  ),
  broken(
    "superseded messages are counted",
    "a range is superseded in the same step, the settled message excepted",
    (sessions) => ({
      get: async (key) => {
        const session = await sessions.get(key);
        const all = await sessions.messages(key, { limit: 100_000, superseded: true });
        return session && { ...session, messageCount: all?.length ?? 0 };
      },
    }),
  ),
  broken("a window holds whatever is there", "what a prompt cannot use is left out and does not count", (sessions) => ({
    open: async (key, request) => {
      const opened = await sessions.open(key, request);
      const { last } = request.window;
      return { ...opened, window: (await sessions.messages(key, { limit: Math.max(1, last) })) ?? [] };
    },
  })),
  broken(
    "a window skips a long message and goes on",
    "not one that would exceed the characters, nor what is before it",
    (sessions) => ({
      open: async (key, request) => {
        const { maxCharacters } = request.window;
        const opened = await sessions.open(key, { ...request, window: { ...request.window, maxCharacters: Infinity } });
        let left = maxCharacters;
        const window = opened.window.toReversed().filter(({ parts }) => {
          const length = parts.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : 0), 0);
          if (length <= left) left -= length;
          return length <= left + length && left >= 0 && length <= maxCharacters;
        });
        return { ...opened, window: window.toReversed() };
      },
    }),
  ),
  broken(
    "media count nothing",
    "media count, too: a quarter of a data: URL, another address with its length",
    (sessions) => ({
      open: async (key, request) => {
        const { maxCharacters } = request.window;
        const opened = await sessions.open(key, { ...request, window: { ...request.window, maxCharacters: Infinity } });
        const texts = opened.window.flatMap(({ parts }) =>
          parts.map((part) => (part.type === "text" ? part.text : "")),
        );
        return texts.join("").length <= maxCharacters ? opened : sessions.open(key, request);
      },
    }),
  ),
  broken(
    "a cursor counts",
    "a chain shows nothing twice and misses nothing untouched while sessions are touched",
    (sessions) => ({
      list: async (owner, { limit, cursor = "0", offset = 0 }: PageRequest) => {
        const all = await everything(sessions, owner);
        const start = Number(cursor) + offset;
        return page(all.slice(start, start + limit), start + limit < all.length, `${start + limit}`);
      },
    }),
  ),
  broken("a cursor is a time", "sessions of the same time are ordered by id and paged without loss", (sessions) => ({
    list: async (owner, { limit, cursor = "9" }: PageRequest) => {
      const all = (await everything(sessions, owner)).filter(({ updatedAt }) => updatedAt < cursor);
      const items = all.slice(0, limit);
      return page(items, all.length > limit, items.at(-1)?.updatedAt ?? "");
    },
  })),
  broken("a NUL ends a text", "messages keep their text", (sessions) =>
    appending(sessions, (message) => mangled(message, (text) => text.split("\0")[0] ?? "")),
  ),
  broken("text is written as UTF-8", "messages keep their text", (sessions) =>
    appending(sessions, (message) => mangled(message, (text) => Buffer.from(text).toString())),
  ),
  broken(
    "a message that came again goes with the page it was in before",
    "so they do with a bound of their messages",
    (sessions) => {
      const pageSize = 8;
      /** By session and page: the ids that were in it. */
      const pages = new Map<string, Map<number, Set<string>>>();
      const lost = new Set<string>();
      const name = (key: SessionKey, id = "") => JSON.stringify([key.owner, key.id, id]);
      return {
        message: async (key, id) => (lost.has(name(key, id)) ? undefined : sessions.message(key, id)),
        open: async (key, request) => {
          const opened = await sessions.open(key, request);
          const own = pages.get(name(key)) ?? new Map<number, Set<string>>();
          pages.set(name(key), own);
          for (const { id, seq } of opened.appended) {
            const page = Math.floor(seq / pageSize);
            own.set(page, (own.get(page) ?? new Set()).add(id));
          }
          const [oldest] = (await sessions.messages(key, { limit: 100_000, superseded: true })) ?? [];
          for (const [page, ids] of own)
            if ((page + 1) * pageSize <= (oldest?.seq ?? 0)) {
              for (const id of ids) lost.add(name(key, id));
              own.delete(page);
            }
          return opened;
        },
      };
    },
  ),
];
