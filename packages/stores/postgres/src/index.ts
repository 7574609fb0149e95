import type { Storage } from "@parlor/core";
import { PostgresBus } from "./bus.ts";
import { Database } from "./database.ts";
import { PostgresLimits } from "./limits.ts";
import { type PostgresOptions, withDefaults } from "./options.ts";
import { PostgresRecords } from "./records.ts";
import { PostgresSessions } from "./sessions.ts";
import { startSweeper } from "./sweeper.ts";
import { PostgresTurns } from "./turns.ts";

export type { PostgresOptions } from "./options.ts";

/**
 * A whole storage in a PostgreSQL database, for any number of nodes. Connects on first use, and makes or updates its schema then.
 * Throws `RangeError` for an option that cannot be.
 */
export function postgres(options: string | PostgresOptions = {}): Storage {
  const settings = withDefaults(typeof options === "string" ? { url: options } : options);
  const database = new Database(settings, startSweeper);
  return {
    sessions: new PostgresSessions(database),
    turns: new PostgresTurns(database),
    limits: new PostgresLimits(database),
    records: new PostgresRecords(database),
    bus: new PostgresBus(database),
  };
}
