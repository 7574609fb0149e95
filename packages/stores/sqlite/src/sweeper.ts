import { setImmediate } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import type { SessionRow } from "./session-row.ts";
import type { SessionTable } from "./session-table.ts";
import type { StoreClock } from "./store-clock.ts";
import type { SqliteTurns } from "./turns.ts";

const everyMs = 10_000;

const ending = ["sealed", "windows", "places", "records", "notices"];

const sql = {
  due: `SELECT EXISTS (SELECT 1 FROM removed_sessions) OR EXISTS (SELECT 1 FROM sessions WHERE expires <= ?1)
    OR EXISTS (SELECT 1 FROM turns WHERE due <= ?1)
    ${ending.map((table) => `OR EXISTS (SELECT 1 FROM ${table} WHERE ends <= ?1)`).join(" ")} AS due`,
  expiredSessions: "SELECT *, messages AS counted FROM sessions WHERE expires <= ?1 LIMIT 50",
  sweepSealed: "DELETE FROM sealed WHERE ends <= ?1",
  // The key of a table without rowid is not one column, so each table names its own.
  sweepWindows: `DELETE FROM windows WHERE (key, window_ms) IN (SELECT key, window_ms FROM windows WHERE ends <= ?1 LIMIT 200)`,
  sweepPlaces: `DELETE FROM places WHERE (key, holder) IN (SELECT key, holder FROM places WHERE ends <= ?1 LIMIT 200)`,
  sweepRecords: `DELETE FROM records WHERE rowid IN (SELECT rowid FROM records WHERE ends <= ?1 LIMIT 200)`,
  sweepNotices: `DELETE FROM notices WHERE number IN (SELECT number FROM notices WHERE ends <= ?1 LIMIT 200)`,
};

/**
 * Removes what has run out, in small transactions, every ten seconds. Nothing waits for it: what has run out is not read either.
 */
export class Sweeper {
  readonly #db: Connection;
  readonly #clock: StoreClock;
  readonly #table: SessionTable;
  readonly #turns: SqliteTurns;

  constructor(db: Connection, clock: StoreClock, table: SessionTable, turns: SqliteTurns) {
    this.#db = db;
    this.#clock = clock;
    this.#table = table;
    this.#turns = turns;
  }

  start(): void {
    const sweep = () => {
      this.sweep().catch(() => {
        // A locked or full database: the next sweep finds it all again.
      });
    };
    sweep();
    const timer = setInterval(sweep, everyMs).unref();
    this.#db.onClose(() => clearInterval(timer));
  }

  async sweep(): Promise<void> {
    // A look costs no lock, so processes that have nothing to remove do not get in each other's way.
    const due = () => this.#db.read(() => this.#db.get<{ due: number }>(sql.due, this.#clock.now())?.due === 1);
    while (await due()) {
      await this.#db.write(() => this.#sweepSome(this.#clock.now()), false);
      await setImmediate();
    }
  }

  #sweepSome(now: number): void {
    for (const row of this.#db.all<SessionRow>(sql.expiredSessions, now)) this.#table.remove(row);
    this.#table.erase();
    this.#turns.sweep(now);
    for (const statement of [sql.sweepSealed, sql.sweepWindows, sql.sweepPlaces, sql.sweepRecords, sql.sweepNotices]) {
      this.#db.run(statement, now);
    }
  }
}
