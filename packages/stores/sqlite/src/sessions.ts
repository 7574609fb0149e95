import { setImmediate } from "node:timers/promises";
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
  type StoreStats,
} from "@parlor/core";
import { type Shared, SqlitePart } from "./part.ts";
import { type SessionRow, toSession, withFields } from "./session-row.ts";
import type { SessionTable } from "./session-table.ts";

/** Sessions that one step removes. */
const removedAtOnce = 50;

const sql = {
  list: `SELECT *, messages AS counted FROM sessions
    WHERE owner = ?1 AND (updated_ms, id) < (?2, ?3) AND (expires IS NULL OR expires > ?4)
    ORDER BY updated_ms DESC, id DESC LIMIT ?5 OFFSET ?6`,
  some: `SELECT *, messages AS counted FROM sessions WHERE owner = ?1 LIMIT ${removedAtOnce}`,
  ofOwner: "SELECT sessions, messages FROM owners WHERE owner = ?1",
  ofAll: "SELECT sessions, messages FROM totals",
};

export class SqliteSessions extends SqlitePart implements SessionStore {
  readonly #table: SessionTable;

  constructor(shared: Shared, table: SessionTable) {
    super(shared);
    this.#table = table;
  }

  async open(key: SessionKey, { init = {}, append, window }: OpenRequest): Promise<OpenedSession> {
    return this.#write(() => {
      const found = this.#table.find(key);
      const row = found ?? this.#table.make(key, init);
      const appended = this.#append(row, append);
      const earlier = this.#table.messages.window(row, window, appended[0]?.seq ?? row.next_seq);
      return { session: toSession(row), created: !found, appended, window: earlier, streaming: row.streaming };
    });
  }

  async append(key: SessionKey, messages: readonly NewMessage[]): Promise<Session> {
    return this.#write(() => {
      const row = this.#table.find(key);
      if (!row) throw new ChatError("session_not_found", "There is no such session.");
      this.#append(row, messages);
      return toSession(row);
    });
  }

  async settle(key: SessionKey, message: NewMessage, { turn, supersede }: SettleRequest): Promise<boolean> {
    return this.#write(() => {
      const row = this.#table.find(key);
      const streaming = row && this.#table.messages.byId(row, message.id);
      if (!row || streaming?.status !== "streaming" || streaming.turn !== turn) return false;
      this.#table.messages.replace(row, streaming, message);
      if (supersede) this.#table.messages.supersede(row, supersede.from, supersede.to, streaming.seq);
      const { inputTokens = 0, outputTokens = 0 } = message.meta?.usage ?? {};
      row.input_tokens += inputTokens;
      row.output_tokens += outputTokens;
      this.#table.save(row);
      return true;
    });
  }

  async create(key: SessionKey, init: SessionInit): Promise<Session> {
    return this.#write(() => {
      if (this.#table.find(key)) throw new ChatError("session_exists", "There is a session of this id already.");
      return toSession(this.#table.make(key, init));
    });
  }

  async get(key: SessionKey): Promise<Session | undefined> {
    return this.#read(key, toSession);
  }

  async update(key: SessionKey, patch: SessionPatch): Promise<Session | undefined> {
    return this.#write(() => {
      const row = this.#table.find(key);
      if (!row) return undefined;
      row.fields = withFields(row, patch);
      this.#table.save(row);
      return toSession(row);
    });
  }

  async messages(key: SessionKey, page: MessagePage): Promise<readonly Message[] | undefined> {
    return this.#read(key, (row) => this.#table.messages.page(row, page));
  }

  async message(key: SessionKey, id: string): Promise<Message | undefined> {
    return this.#read(key, (row) => this.#table.messages.byId(row, id));
  }

  async list(owner: string, { limit, cursor, offset = 0 }: PageRequest): Promise<Page<Session>> {
    const { updatedMs, id } = cursor === undefined ? newest : placeOf(cursor);
    const now = this.clock.now();
    const rows = await this.db.read(() =>
      this.db.all<SessionRow>(sql.list, owner, updatedMs, id, now, limit + 1, offset),
    );
    const items = rows.slice(0, limit).map(toSession);
    const last = rows[limit - 1];
    return rows.length > limit && last ? { items, cursor: `${last.updated_ms}.${last.id}` } : { items };
  }

  async clear(key: SessionKey): Promise<number | undefined> {
    const removed = await this.#write(() => {
      const row = this.#table.find(key);
      if (!row) return undefined;
      const { messages } = row;
      this.#table.clear(row);
      this.#table.save(row);
      return messages;
    });
    if (removed !== undefined) await this.#erase();
    return removed;
  }

  async delete(key: SessionKey): Promise<boolean> {
    const found = await this.#write(() => {
      const row = this.#table.find(key);
      if (row) this.#table.remove(row);
      return row !== undefined;
    });
    if (found) await this.#erase();
    return found;
  }

  async deleteOwner(owner: string): Promise<number> {
    const removeSome = () => {
      const rows = this.db.all<SessionRow>(sql.some, owner);
      for (const row of rows) this.#table.remove(row);
      return rows.length;
    };
    let removed = await this.#write(removeSome);
    // Fewer were all there were: what is made after that stays.
    for (let some = removed; some === removedAtOnce; removed += some) {
      await setImmediate();
      some = await this.#write(removeSome);
    }
    await this.#erase();
    this.db.scrub();
    return removed;
  }

  async stats(owner?: string): Promise<StoreStats> {
    const { ttlMs, maxSessionsPerOwner } = this.settings;
    const counted = await this.db.read(() =>
      owner === undefined ? this.db.get<StoreStats>(sql.ofAll) : this.db.get<StoreStats>(sql.ofOwner, owner),
    );
    return {
      sessions: counted?.sessions ?? 0,
      messages: counted?.messages ?? 0,
      ...(owner !== undefined && maxSessionsPerOwner !== Infinity && { maxSessions: maxSessionsPerOwner }),
      ...(ttlMs !== Infinity && { ttlMs }),
    };
  }

  #append(row: SessionRow, messages: readonly NewMessage[]): readonly Message[] {
    const { next_seq: before } = row;
    const stored = this.#table.messages.append(row, messages, this.settings.maxMessagesPerSession);
    if (row.next_seq > before) this.#table.save(row);
    return stored;
  }

  async #erase(): Promise<void> {
    while (await this.db.write(() => this.#table.erase(), false)) await setImmediate();
  }

  /** What a caller is told to be so is on the disk. */
  #write<T>(work: () => T): T | Promise<T> {
    return this.db.write(work, true);
  }

  #read<T>(key: SessionKey, work: (row: SessionRow) => T): T | undefined | Promise<T | undefined> {
    return this.db.read(() => {
      const row = this.#table.find(key);
      return row && work(row);
    });
  }
}

/** Before all sessions. */
const newest = { updatedMs: Number.MAX_SAFE_INTEGER, id: "" };

function placeOf(cursor: string): typeof newest {
  const [, updatedMs, id] = /^(\d{1,15})\.(.*)$/s.exec(cursor) ?? [];
  if (updatedMs === undefined || id === undefined) {
    throw new ChatError("invalid_request", "The cursor is not one that this list gave out.");
  }
  return { updatedMs: Number(updatedMs), id };
}
