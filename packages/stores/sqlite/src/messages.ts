import {
  hasContent,
  type Message,
  type MessagePage,
  type NewMessage,
  windowCharacters,
  type WindowRequest,
} from "@parlor/core";
import type { Connection } from "./connection.ts";
import type { SessionRow } from "./session-row.ts";

/** A message as its table has it; `body` is all of it, `status` is newer. */
interface MessageRow {
  readonly seq: number;
  readonly status: Message["status"];
  readonly body: string;
}

const columns = "place & 4294967295 AS seq, status, body";
const within = "place >= (?1 << 32) + ?2 AND place < (?1 << 32) + ?3";

const sql = {
  add: "INSERT INTO messages VALUES ((?1 << 32) + ?2, ?1, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (session, id) DO NOTHING",
  byId: `SELECT ${columns} FROM messages WHERE session = ?1 AND id = ?2`,
  replace: `UPDATE messages SET role = ?3, status = ?4, characters = ?5, body = ?6 WHERE place = (?1 << 32) + ?2`,
  tally: `SELECT role, status, count(*) AS count FROM messages INDEXED BY messages_standing
    WHERE ${within} AND place <> (?1 << 32) + ?4 AND status <> 'superseded' GROUP BY role, status`,
  supersede: `UPDATE messages INDEXED BY messages_standing SET status = 'superseded'
    WHERE ${within} AND place <> (?1 << 32) + ?4 AND status <> 'superseded'`,
  window: `SELECT ${columns}, characters FROM messages INDEXED BY messages_standing
    WHERE ${within} AND status <> 'superseded' AND status IN ('complete', 'interrupted') AND characters IS NOT NULL
    ORDER BY place DESC LIMIT ?4`,
  page: `SELECT ${columns} FROM messages INDEXED BY messages_standing
    WHERE ${within} AND status <> 'superseded' ORDER BY place DESC LIMIT ?4`,
  pageOfAll: `SELECT ${columns} FROM messages WHERE ${within} ORDER BY place DESC LIMIT ?4`,
  oldest: `SELECT place & 4294967295 AS seq, role, status FROM messages WHERE ${within} ORDER BY place LIMIT ?4`,
  remove: "DELETE FROM messages WHERE place = (?1 << 32) + ?2",
  erase: `DELETE FROM messages WHERE place IN
    (SELECT place FROM messages WHERE place >= ?1 << 32 AND place < (?1 + 1) << 32 LIMIT ?2)`,
};

/** The messages of sessions; what they count for is noted in the session's row, which the caller saves. Called in transactions. */
export class Messages {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** Adds what is new by id, and keeps at most `most`. The messages as they are stored. */
  append(session: SessionRow, messages: readonly NewMessage[], most: number): Message[] {
    const stored = messages.map(
      (message) => this.#add(session, message) ?? (this.byId(session, message.id) as Message),
    );
    if (session.stored > most) this.#removeOldest(session, session.stored - most);
    return stored;
  }

  byId(session: SessionRow, id: string): Message | undefined {
    const row = this.#db.get<MessageRow>(sql.byId, session.number, id);
    return row && toMessage(row);
  }

  replace(session: SessionRow, old: Message, message: NewMessage): void {
    const { role, status } = message;
    this.#db.run(sql.replace, session.number, old.seq, role, status, charactersOf(message), JSON.stringify(message));
    count(session, old, -1);
    count(session, message, 1);
  }

  /** Marks seqs from `from` to `to` as superseded, one excepted. */
  supersede(session: SessionRow, from: number, to: number, except: number): void {
    const range = [session.number, Math.max(0, from), Math.min(to + 1, session.next_seq), except];
    for (const one of this.#db.all<CountedRow>(sql.tally, ...range)) count(session, one, -one.count);
    this.#db.run(sql.supersede, ...range);
  }

  /** What a prompt could need of the messages below a seq, oldest first. */
  window(session: SessionRow, { last, maxCharacters, before = Infinity }: WindowRequest, below: number): Message[] {
    const window: Message[] = [];
    let left = maxCharacters;
    const end = Math.max(0, Math.min(before, below));
    for (const row of this.#db.iterate<WindowRow>(sql.window, session.number, 0, end, toLimit(last))) {
      left -= row.characters;
      if (left < 0 && window.length > 0) break;
      window.push(toMessage(row));
    }
    return window.toReversed();
  }

  page(session: SessionRow, { limit, before = Infinity, superseded = false }: MessagePage): Message[] {
    const end = Math.max(0, Math.min(before, session.next_seq));
    const rows = this.#db.all<MessageRow>(
      superseded ? sql.pageOfAll : sql.page,
      session.number,
      0,
      end,
      toLimit(limit),
    );
    return rows.toReversed().map(toMessage);
  }

  /** Erases at most so many of a session that is gone; how many it were. */
  erase(number: number, most: number): number {
    return this.#db.run(sql.erase, number, most);
  }

  #add(session: SessionRow, message: NewMessage): Message | undefined {
    const { id, role, status } = message;
    const seq = session.next_seq;
    const body = JSON.stringify(message);
    if (!this.#db.run(sql.add, session.number, seq, id, role, status, charactersOf(message), body)) return undefined;
    session.next_seq += 1;
    session.stored += 1;
    count(session, message, 1);
    return { ...message, seq };
  }

  #removeOldest(session: SessionRow, excess: number): void {
    for (const row of this.#db.all<OldRow>(sql.oldest, session.number, 0, session.next_seq, excess)) {
      this.#db.run(sql.remove, session.number, row.seq);
      session.stored -= 1;
      count(session, row, -1);
    }
  }
}

type WindowRow = MessageRow & { readonly characters: number };
type OldRow = Pick<Message, "seq" | "role" | "status">;
type CountedRow = Pick<Message, "role" | "status"> & { readonly count: number };

function count(session: SessionRow, { role, status }: Pick<NewMessage, "role" | "status">, by: number): void {
  if (status === "superseded") return;
  session.messages += by;
  if (role === "user") session.turns += by;
  if (status === "streaming") session.streaming += by;
}

/** As a window counts them; null for what no prompt can use: nothing but reasoning and empty text. */
const charactersOf = (message: NewMessage): number | null => (hasContent(message) ? windowCharacters(message) : null);

const toMessage = ({ seq, status, body }: MessageRow): Message =>
  Object.assign(JSON.parse(body) as NewMessage, { seq, status });

/** SQLite takes a negative limit for none. */
const toLimit = (limit: number): number => Math.max(0, Math.min(limit, Number.MAX_SAFE_INTEGER));
