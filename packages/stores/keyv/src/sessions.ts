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
import { type Call, unavailable } from "./call.ts";
import { Draft } from "./draft.ts";
import { eraseSession } from "./erase.ts";
import { type Head, newHead } from "./head.ts";
import { History, PageGone } from "./history.ts";
import { listSessions } from "./list.ts";
import { sessionNames } from "./names.ts";
import type { Settings } from "./options.ts";
import { type Change, Owners } from "./owners.ts";
import { Queue, together } from "./queue.ts";
import type { Records } from "./records.ts";
import { Registry } from "./registry.ts";
import { startSweeper } from "./sweeper.ts";
import { Totals } from "./totals.ts";

/** How often a read begins again when a write has replaced what it was about to read. */
const mostReads = 5;

export class KeyvSessions implements SessionStore {
  readonly info: StoreInfo;
  readonly #records: Records;
  readonly #settings: Settings;
  readonly #disconnect: () => Promise<void>;
  readonly #registry = new Registry();
  readonly #totals = new Totals();
  readonly #owners: Owners;
  readonly #writes = new Queue();
  /** The first page number that no failed write of this process can have used: a late one must not land on a newer page. */
  readonly #unused = new Map<string, number>();
  readonly #stopSweeper: () => void;
  #closed: Promise<void> | undefined;

  constructor(records: Records, settings: Settings, info: StoreInfo, disconnect: () => Promise<void>) {
    this.info = info;
    this.#records = records;
    this.#settings = settings;
    this.#disconnect = disconnect;
    this.#owners = new Owners(settings, this.#registry, this.#totals, (key) => {
      // Whoever meets it next tries again.
      records.call((call) => this.#expire(call, key)).catch(() => {});
    });
    this.#stopSweeper = startSweeper(records, settings, this.#registry, this.#owners, (call, key) =>
      this.#expire(call, key),
    );
  }

  open(key: SessionKey, { init = {}, append, window }: OpenRequest): Promise<OpenedSession> {
    return this.#write(key, async (call, found) => {
      const draft = found ?? this.#draft(call, key, newHead(key, init));
      await draft.loadNewest(window.last);
      const appended = await draft.append(append, this.#settings.maxMessagesPerSession);
      const earlier = await draft.window(window, appended[0]?.seq);
      const session = await this.#save(call, key, draft);
      return { session, created: draft.isNew, appended, window: earlier };
    });
  }

  append(key: SessionKey, messages: readonly NewMessage[]): Promise<Session> {
    return this.#write(key, async (call, draft) => {
      if (!draft) throw new ChatError("session_not_found", "There is no such session.");
      await draft.append(messages, this.#settings.maxMessagesPerSession);
      return this.#save(call, key, draft);
    });
  }

  settle(key: SessionKey, message: NewMessage, { turn, supersede }: SettleRequest): Promise<boolean> {
    return this.#write(key, async (call, draft) => {
      const streaming = (await draft?.find([message.id]))?.get(message.id);
      if (!draft || !streaming || streaming.status !== "streaming" || streaming.turn !== turn) return false;
      draft.replace(streaming, message);
      if (supersede) await draft.supersede(supersede.from, supersede.to, streaming.seq);
      draft.addUsage(message.meta?.usage);
      await this.#save(call, key, draft);
      return true;
    });
  }

  create(key: SessionKey, init: SessionInit): Promise<Session> {
    return this.#write(key, async (call, found) => {
      if (found) throw new ChatError("session_exists", "There is a session of this id already.");
      return this.#save(call, key, this.#draft(call, key, newHead(key, init)));
    });
  }

  get(key: SessionKey): Promise<Session | undefined> {
    return this.#read(key, async ({ head }) => head.session);
  }

  update(key: SessionKey, patch: SessionPatch): Promise<Session | undefined> {
    return this.#write(key, async (call, draft) => {
      draft?.patch(patch);
      return draft && this.#save(call, key, draft);
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
      const index = await this.#owners.get(call, owner);
      return index ? listSessions(call, index, page, (head) => this.#isAlive(head)) : { items: [] };
    });
  }

  clear(key: SessionKey): Promise<number | undefined> {
    return this.#write(key, async (call, draft) => {
      if (!draft) return undefined;
      const { messageCount } = draft.session;
      draft.clear();
      await this.#save(call, key, draft);
      // Cleared is gone: what the next write would remove goes now.
      await draft.erase();
      return messageCount;
    });
  }

  delete(key: SessionKey): Promise<boolean> {
    return this.#write(key, async (call, draft) => {
      if (draft) await this.#remove(call, key, draft.head);
      return draft !== undefined;
    });
  }

  async deleteOwner(owner: string): Promise<number> {
    const ids = await this.#records.call(async (call) => {
      const index = await this.#owners.get(call, owner);
      return index ? this.#owners.ids(call, index) : [];
    });
    let deleted = 0;
    for (const id of ids) if (await this.delete({ owner, id })) deleted++;
    await this.#records.call((call) => this.#owners.tidy(call, owner, true));
    return deleted;
  }

  async stats(owner?: string): Promise<StoreStats> {
    const { maxSessionsPerOwner, ttlMs } = this.#settings;
    const read = (one: string) => this.#records.call((call) => this.#owners.counters(call, one));
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
        const head = await this.#head(call, key);
        if (!head || !this.#isAlive(head)) return undefined;
        try {
          return await read(new History(call, names, head));
        } catch (error) {
          if (!(error instanceof PageGone)) throw error;
          if (tries === mostReads) throw unavailable(error);
        }
      }
    });
  }

  /** Writes of one session run one after the other. */
  #write<T>(key: SessionKey, write: (call: Call, found: Draft | undefined) => Promise<T>): Promise<T> {
    return this.#records.call((call) =>
      this.#writes.run(sessionNames(key).head, async () => {
        const head = await this.#head(call, key);
        if (head && !this.#isAlive(head)) await this.#remove(call, key, head);
        try {
          return await write(call, head && this.#isAlive(head) ? this.#draft(call, key, head) : undefined);
        } catch (error) {
          throw error instanceof PageGone ? unavailable(error) : error;
        }
      }),
    );
  }

  async #head(call: Call, { owner, id }: SessionKey): Promise<Head | undefined> {
    const head = await call.find<Head>(sessionNames({ owner, id }).head);
    if (head && (head.session.owner !== owner || head.session.id !== id))
      throw unavailable("a record belongs to another session");
    return head;
  }

  #isAlive({ gone, updatedMs }: Head): boolean {
    return !gone && updatedMs + this.#settings.ttlMs > this.#settings.clock.now();
  }

  #draft(call: Call, key: SessionKey, head: Head): Draft {
    const names = sessionNames(key);
    return new Draft(call, names, head, this.#unused.get(names.head) ?? 0);
  }

  /**
   * Stores what changed: first what nobody looks at yet (pages under new names, the announcement to the owner's index), then the
   * head. A crash in between leaves the session as it was; the next write uses the same names again.
   */
  async #save(call: Call, key: SessionKey, draft: Draft): Promise<Session> {
    if (!draft.changed) return draft.session;
    const names = sessionNames(key);
    const { head, isNew, session } = draft;
    const messages = session.messageCount - head.session.messageCount;
    const change: Change = { id: key.id, ms: 0, old: head.updatedMs, sessions: isNew ? 1 : 0, messages };
    try {
      const announce = () => this.#owners.announce(call, key.owner, change);
      const prepare = () => together([call.set(draft.pageRecords()), draft.clean()]);
      // A session that may be refused leaves no pages behind.
      if (isNew) {
        await announce().catch((error: unknown) => this.#makeRoom(call, key.owner, error));
        if (change.ms === 0) await announce();
        await prepare();
      } else await together([announce(), prepare()]);
      await call.set([draft.finish(change.ms)]);
      this.#owners.made(key.owner, change);
      this.#unused.delete(names.head);
      return draft.session;
    } catch (error) {
      this.#owners.gaveUp(key.owner, change);
      this.#unused.set(names.head, draft.nextPage);
      throw error;
    }
  }

  /** From the moment its head says so the session is gone; then everything of it goes, the head last. */
  async #remove(call: Call, { owner, id }: SessionKey, head: Head): Promise<void> {
    const names = sessionNames({ owner, id });
    const messages = -head.session.messageCount;
    const change: Change = { id, ms: 0, old: head.updatedMs, sessions: -1, messages };
    try {
      await this.#owners.announce(call, owner, change);
      await call.set([[names.head, JSON.stringify({ ...head, gone: true })]]);
      await eraseSession(call, names, head);
      await call.delete([names.head]);
      this.#owners.made(owner, change, head.gone);
    } catch (error) {
      this.#owners.gaveUp(owner, change);
      throw error;
    }
    this.#unused.delete(names.head);
    await this.#owners.tidy(call, owner);
  }

  /** An owner who has as many sessions as allowed may still have some whose time is over. */
  async #makeRoom(call: Call, owner: string, error: unknown): Promise<void> {
    const isFull = ChatError.isInstance(error) && error.code === "sessions_full";
    const ids = isFull ? await this.#owners.expired(call, owner, 1) : [];
    if (ids.length === 0) throw error;
    for (const id of ids) await this.#expire(call, { owner, id });
  }

  /** Removes a session if its time is over; whether it did. */
  #expire(call: Call, key: SessionKey): Promise<boolean> {
    return this.#writes.run(sessionNames(key).head, async () => {
      const head = await this.#head(call, key);
      if (!head || this.#isAlive(head)) return false;
      await this.#remove(call, key, head);
      return true;
    });
  }
}
