import {
  ChatError,
  type Message,
  type MessagePage,
  type NewMessage,
  type OpenedSession,
  type OpenRequest,
  type Page,
  type PageRequest,
  type Session,
  type SessionInit,
  type SessionKey,
  type SessionPatch,
  type SessionStore,
  type SettleRequest,
  type StoreInfo,
  type StoreStats,
} from "@parlor/core";
import { unavailable } from "./call.ts";
import { newHead } from "./head.ts";
import { History, PageGone } from "./history.ts";
import { listSessions } from "./list.ts";
import { sessionNames } from "./names.ts";
import type { Settings } from "./options.ts";
import type { Records } from "./records.ts";
import { Registry } from "./registry.ts";
import { startSweeper } from "./sweeper.ts";
import { Totals } from "./totals.ts";
import { Writes } from "./writes.ts";

/** How often a read begins again when a write has replaced what it was about to read. */
const mostReads = 5;

export class KeyvSessions implements SessionStore {
  readonly info: StoreInfo;
  readonly #records: Records;
  readonly #settings: Settings;
  readonly #disconnect: () => Promise<void>;
  readonly #registry = new Registry();
  readonly #totals = new Totals();
  readonly #writes: Writes;
  readonly #stopSweeper: () => void;
  #closed: Promise<void> | undefined;

  constructor(records: Records, settings: Settings, info: StoreInfo, disconnect: () => Promise<void>) {
    this.info = info;
    this.#records = records;
    this.#settings = settings;
    this.#disconnect = disconnect;
    this.#writes = new Writes(records, settings, this.#registry, this.#totals);
    this.#stopSweeper = startSweeper(records, settings, this.#registry, this.#writes);
  }

  open(key: SessionKey, { init = {}, append, window }: OpenRequest): Promise<OpenedSession> {
    return this.#writes.run(key, async (call, found) => {
      const draft = found ?? this.#writes.draft(call, key, newHead(key, init));
      await draft.loadNewest(window.last);
      const appended = await draft.append(append, this.#settings.maxMessagesPerSession);
      const earlier = await draft.window(window, appended[0]?.seq);
      const session = await this.#writes.save(call, key, draft);
      return { session, created: draft.isNew, appended, window: earlier, streaming: draft.streaming };
    });
  }

  append(key: SessionKey, messages: readonly NewMessage[]): Promise<Session> {
    return this.#writes.run(key, async (call, draft) => {
      if (!draft) throw new ChatError("session_not_found", "There is no such session.");
      await draft.append(messages, this.#settings.maxMessagesPerSession);
      return this.#writes.save(call, key, draft);
    });
  }

  settle(key: SessionKey, message: NewMessage, { turn, supersede }: SettleRequest): Promise<boolean> {
    return this.#writes.run(key, async (call, draft) => {
      const streaming = (await draft?.find([message.id]))?.get(message.id);
      if (!draft || !streaming || streaming.status !== "streaming" || streaming.turn !== turn) return false;
      draft.replace(streaming, message);
      if (supersede) await draft.supersede(supersede.from, supersede.to, streaming.seq);
      draft.addUsage(message.meta?.usage);
      await this.#writes.save(call, key, draft);
      return true;
    });
  }

  create(key: SessionKey, init: SessionInit): Promise<Session> {
    return this.#writes.run(key, async (call, found) => {
      if (found) throw new ChatError("session_exists", "There is a session of this id already.");
      return this.#writes.save(call, key, this.#writes.draft(call, key, newHead(key, init)));
    });
  }

  get(key: SessionKey): Promise<Session | undefined> {
    return this.#read(key, async ({ head }) => head.session);
  }

  update(key: SessionKey, patch: SessionPatch): Promise<Session | undefined> {
    return this.#writes.run(key, async (call, draft) => {
      draft?.patch(patch);
      return draft && this.#writes.save(call, key, draft);
    });
  }

  messages(key: SessionKey, page: MessagePage): Promise<readonly Message[] | undefined> {
    return this.#read(key, (history) => history.page(page));
  }

  message(key: SessionKey, id: string): Promise<Message | undefined> {
    return this.#read(key, async (history) => (await history.find([id])).get(id));
  }

  list(owner: string, page: PageRequest): Promise<Page<Session>> {
    return this.#records.call(async (call) => {
      const index = await this.#writes.owners.get(call, owner);
      return index ? listSessions(call, index, page, (head) => this.#writes.isAlive(head)) : { items: [] };
    });
  }

  clear(key: SessionKey): Promise<number | undefined> {
    return this.#writes.run(key, async (call, draft) => {
      if (!draft) return undefined;
      const { messageCount } = draft.session;
      draft.clear();
      await this.#writes.save(call, key, draft);
      // Cleared is gone: what the next write would remove goes now.
      await draft.erase();
      return messageCount;
    });
  }

  delete(key: SessionKey): Promise<boolean> {
    return this.#writes.run(key, async (call, draft) => {
      if (draft) await this.#writes.remove(call, key, draft.head);
      else await this.#writes.forget(call, key);
      return draft !== undefined;
    });
  }

  async deleteOwner(owner: string): Promise<number> {
    const ids = await this.#records.call(async (call) => {
      const index = await this.#writes.owners.get(call, owner);
      return index ? this.#writes.owners.ids(call, index) : [];
    });
    let deleted = 0;
    for (const id of ids) if (await this.delete({ owner, id })) deleted++;
    await this.#records.call((call) => this.#writes.owners.tidy(call, owner));
    return deleted;
  }

  async stats(owner?: string): Promise<StoreStats> {
    const { maxSessionsPerOwner, ttlMs } = this.#settings;
    const read = (one: string) => this.#records.call((call) => this.#writes.owners.counters(call, one));
    const owners = () => this.#records.call((call) => this.#registry.all(call));
    return {
      ...(owner === undefined ? await this.#totals.get(owners, read) : await read(owner)),
      ...(owner !== undefined && maxSessionsPerOwner !== Infinity && { maxSessions: maxSessionsPerOwner }),
      ...(ttlMs !== Infinity && { ttlMs }),
    };
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#records.ping(signal);
  }

  close(): Promise<void> {
    this.#stopSweeper();
    this.#records.close();
    return (this.#closed ??= this.#disconnect());
  }

  /** Reads see the session as it was after some write, whole: a head and its pages. They wait for no write. */
  #read<T>(key: SessionKey, read: (history: History) => Promise<T>): Promise<T | undefined> {
    const names = sessionNames(key);
    return this.#records.call(async (call) => {
      for (let tries = 1; ; tries++) {
        const head = await this.#writes.head(call, key);
        if (!head || !this.#writes.isAlive(head)) return undefined;
        try {
          return await read(new History(call, names, head));
        } catch (error) {
          if (!(error instanceof PageGone)) throw error;
          if (tries === mostReads) throw unavailable(error);
        }
      }
    });
  }
}
