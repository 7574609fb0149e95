import { accessSync, chmodSync, constants, existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ChatError, type Clock } from "@parlor/core";
import { isBusy, locked, toStoreError } from "./errors.ts";
import type { Settings } from "./options.ts";
import { applicationId, migrations } from "./schema.ts";
import { machineClock, type StoreClock, toStoreClock } from "./store-clock.ts";

/** How long one try may block the event loop while another process writes; the usual write takes far less. */
const busyMs = 3;

interface Opened {
  readonly database: DatabaseSync;
  readonly clock: StoreClock;
}

/** Opens the file, makes or migrates its tables. Throws `store_unavailable` with a sentence that says what is wrong with it. */
export function openDatabase(path: string, settings: Settings, clock?: Clock): Opened {
  const deadline = performance.now() + settings.timeoutMs;
  for (;;) {
    try {
      return open(path, settings, clock);
    } catch (error) {
      if (!isBusy(error)) throw toStoreError(error);
      if (performance.now() >= deadline) throw locked(error);
      // Processes that start together all want to make the file; there is no event loop to keep running yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 + Math.random() * 20);
    }
  }
}

function open(path: string, settings: Settings, clock?: Clock): Opened {
  const isNew = path !== ":memory:" && !existsSync(path);
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${busyMs}`);
    const known = versionOf(database);
    // It will hold what people say and how they log in. The files beside it take over its permissions.
    if (isNew) chmodSync(path, 0o600);
    const mode = read(database, "PRAGMA journal_mode = WAL");
    if (mode !== "wal" && mode !== "memory") {
      throw new ChatError("store_unavailable", "The database's file system does not support a write-ahead log.");
    }
    if (known < migrations.length) migrate(database);
    if (mode === "wal") accessSync(path, constants.W_OK);
    // A checkpoint at 4 MB; the file beside the database shrinks back to 8 MB after a long reader made it grow.
    database.exec("PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 8388608");
    // What was deleted is overwritten, not only unlinked.
    database.exec("PRAGMA secure_delete = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY");
    if (settings.maxBytes !== Infinity) {
      const pages = Math.max(1, Math.floor(settings.maxBytes / Number(read(database, "PRAGMA page_size"))));
      database.exec(`PRAGMA max_page_count = ${pages}`);
    }
    return { database, clock: clock ? toStoreClock(clock) : machineClock(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have done it meanwhile.
    for (const sql of migrations.slice(versionOf(database))) database.exec(sql);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT`);
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/** 0 for a new file. Refuses what is not ours, before anything is written. */
function versionOf(database: DatabaseSync): number {
  const version = Number(read(database, "PRAGMA user_version"));
  const ours = read(database, "PRAGMA application_id") === applicationId;
  if (!ours && read(database, "SELECT count(*) FROM sqlite_schema") !== 0) {
    throw new ChatError("store_unavailable", "The file is the database of another application.");
  }
  if (version > migrations.length) {
    throw new ChatError(
      "store_unavailable",
      `The database has version ${version}, made by a newer release; this one knows ${migrations.length}.`,
    );
  }
  return version;
}

const read = (database: DatabaseSync, sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
