import { ChatError, type SessionInit, type SessionKey } from "@parlor/core";
import type { Connection } from "./connection.ts";
import { Messages } from "./messages.ts";
import type { Settings } from "./options.ts";
import { emptyRow, type SessionRow } from "./session-row.ts";
import type { StoreClock } from "./store-clock.ts";

const sql = {
  find: "SELECT *, messages AS counted FROM sessions WHERE owner = ?1 AND id = ?2",
  insert: `INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
  save: `UPDATE sessions SET number = ?3, updated_ms = ?4, expires = ?5, next_seq = ?6, stored = ?7, messages = ?8, turns = ?9,
    streaming = ?10, input_tokens = ?11, output_tokens = ?12, fields = ?13 WHERE owner = ?1 AND id = ?2`,
  remove: "DELETE FROM sessions WHERE owner = ?1 AND id = ?2",
  newest: "SELECT max(updated_ms) AS newest FROM sessions WHERE owner = ?1",
  sessionsOf: "SELECT sessions FROM owners WHERE owner = ?1",
  nextNumber: "UPDATE totals SET numbers = numbers + 1 RETURNING numbers",
  countTotal: "UPDATE totals SET sessions = sessions + ?1, messages = messages + ?2",
  countOwner: `INSERT INTO owners VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions, messages = messages + excluded.messages`,
  forgetOwner: "DELETE FROM owners WHERE owner = ?1 AND sessions = 0",
  noteRemoved: "INSERT INTO removed_sessions VALUES (?1)",
  removed: "SELECT number FROM removed_sessions LIMIT 1",
  erased: "DELETE FROM removed_sessions WHERE number = ?1",
};

const dayMs = 86_400_000;

/** Erasing more messages than this in one transaction would keep the event loop. */
const eraseAtOnce = 200;

/** Rows of sessions and the counters that follow them. All methods are called in a write transaction, but `find`. */
export class SessionTable {
  readonly messages: Messages;
  readonly #db: Connection;
  readonly #settings: Settings;
  readonly #clock: StoreClock;

  constructor(db: Connection, settings: Settings, clock: StoreClock) {
    this.#db = db;
    this.#settings = settings;
    this.#clock = clock;
    this.messages = new Messages(db);
  }

  find({ owner, id }: SessionKey): SessionRow | undefined {
    const row = this.#db.get<SessionRow>(sql.find, owner, id);
    return row && !this.#isExpired(row) ? row : undefined;
  }

  /** Throws `sessions_full`. There has to be no such session. */
  make(key: SessionKey, init: SessionInit): SessionRow {
    const expired = this.#db.get<SessionRow>(sql.find, key.owner, key.id);
    if (expired) this.remove(expired);
    const { sessions = 0 } = this.#db.get<{ sessions: number }>(sql.sessionsOf, key.owner) ?? {};
    if (sessions >= this.#settings.maxSessionsPerOwner) {
      throw new ChatError("sessions_full", "Delete a session before starting another one.");
    }
    const row = emptyRow(key, this.#nextNumber(), this.#timeOfChange(key.owner), init);
    row.expires = this.#expiryOf(row);
    const { counted: _counted, ...columns } = row;
    this.#db.run(sql.insert, ...Object.values(columns));
    this.#count(key.owner, 1, 0);
    return row;
  }

  /** Saves what was changed in a row, with the time of the change. */
  save(row: SessionRow): void {
    row.updated_ms = this.#timeOfChange(row.owner);
    row.expires = this.#expiryOf(row);
    const { number, owner, id, created_ms: _created, counted, ...rest } = row;
    this.#db.run(sql.save, owner, id, number, ...Object.values(rest));
    if (row.messages !== counted) this.#count(owner, 0, row.messages - counted);
  }

  /** Takes all messages away from a session; they are erased by `erase`. */
  clear(row: SessionRow): void {
    this.#db.run(sql.noteRemoved, row.number);
    row.number = this.#nextNumber();
    row.stored = row.messages = row.turns = row.streaming = 0;
  }

  /** Its messages are erased by `erase`. */
  remove(row: SessionRow): void {
    this.#db.run(sql.remove, row.owner, row.id);
    if (row.stored > 0) this.#db.run(sql.noteRemoved, row.number);
    this.#count(row.owner, -1, -row.messages);
    this.#db.run(sql.forgetOwner, row.owner);
  }

  /** Erases some messages of sessions that are gone; false when there are none left. */
  erase(): boolean {
    for (let left = eraseAtOnce; left > 0;) {
      const removed = this.#db.get<{ number: number }>(sql.removed);
      if (!removed) return false;
      const erased = this.messages.erase(removed.number, left);
      if (erased < left) this.#db.run(sql.erased, removed.number);
      left -= erased;
    }
    return true;
  }

  #isExpired({ expires }: SessionRow): boolean {
    return expires !== null && expires <= this.#clock.now();
  }

  /** While it is being answered a day later, should its turn have been lost. */
  #expiryOf({ streaming }: SessionRow): number | null {
    const { ttlMs } = this.#settings;
    return ttlMs === Infinity ? null : this.#clock.now() + ttlMs + (streaming > 0 ? dayMs : 0);
  }

  /** Never before an earlier change of the same owner, even when the clock was set back. */
  #timeOfChange(owner: string): number {
    const now = this.#clock.wall();
    const newest = this.#db.get<{ newest: number | null }>(sql.newest, owner)?.newest ?? now;
    return newest > now ? newest + 1 : now;
  }

  #nextNumber(): number {
    return this.#db.get<{ numbers: number }>(sql.nextNumber)?.numbers as number;
  }

  #count(owner: string, sessions: number, messages: number): void {
    this.#db.run(sql.countOwner, owner, sessions, messages);
    this.#db.run(sql.countTotal, sessions, messages);
  }
}
