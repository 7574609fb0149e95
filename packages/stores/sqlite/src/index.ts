import type { StoreInfo, Storage } from "@parlor/core";
import { SqliteBus } from "./bus.ts";
import { Connection } from "./connection.ts";
import { SqliteLimits } from "./limits.ts";
import { openDatabase } from "./open-database.ts";
import { type SqliteOptions, withDefaults } from "./options.ts";
import type { Shared } from "./part.ts";
import { SqliteRecords } from "./records.ts";
import { SessionTable } from "./session-table.ts";
import { SqliteSessions } from "./sessions.ts";
import { Sweeper } from "./sweeper.ts";
import { SqliteTurns } from "./turns.ts";

export type { SqliteOptions } from "./options.ts";

/**
 * A whole storage in one SQLite file, which several processes of one machine may share; `":memory:"` keeps it in this process.
 * The file is made if it is missing, its directory is not. Throws `RangeError` for a bad option, `store_unavailable` for a file
 * that cannot be opened, is no database of this application, or was made by a newer release.
 */
export function sqlite(path: string, options: SqliteOptions = {}): Storage {
  if (path === "") throw new RangeError("sqlite: the path must not be empty");
  const settings = withDefaults(options);
  const { database, clock } = openDatabase(path, settings, options.clock);
  const db = new Connection(database, settings);
  const info: StoreInfo =
    path === ":memory:"
      ? { name: "sqlite", durability: "none", concurrentWriters: false }
      : { name: "sqlite", durability: settings.durability, concurrentWriters: true };
  const shared: Shared = { db, settings, clock, info };
  const table = new SessionTable(db, settings, clock);
  const turns = new SqliteTurns(shared);
  new Sweeper(db, clock, table, turns).start();
  return {
    sessions: new SqliteSessions(shared, table),
    turns,
    limits: new SqliteLimits(shared),
    records: new SqliteRecords(shared),
    bus: new SqliteBus(shared),
  };
}
