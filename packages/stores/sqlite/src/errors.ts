import { ChatError } from "@parlor/core";

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
const result = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

const lockedTooLong = "Another process has locked the database for too long.";

const sentences = new Map<number, string>([
  [result.busy, lockedTooLong],
  [result.locked, lockedTooLong],
  [result.readOnly, "The database is read-only; this process may not write to its file."],
  [result.io, "The disk failed under the database."],
  [result.corrupt, "The database is damaged; restore it from a backup."],
  [result.full, "The disk, or the space the database may take, is full."],
  [
    result.cannotOpen,
    "The database cannot be opened: its directory has to exist, and this process has to be able to write there.",
  ],
  [result.notADatabase, "The file is not an SQLite database."],
]);

/** The primary result code, when SQLite itself failed. */
function resultOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

/** Whether it may succeed as soon as another process lets go of the database. */
export function isBusy(error: unknown): boolean {
  const code = resultOf(error);
  return code === result.busy || code === result.locked;
}

/** A failure of SQLite as `store_unavailable`; anything else as it is. */
export function toStoreError(error: unknown): unknown {
  const refused = error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EROFS");
  const code = refused ? result.readOnly : resultOf(error);
  if (code === undefined) return error;
  return new ChatError("store_unavailable", sentences.get(code) ?? "The database failed.", { cause: error });
}

export const closed = (): ChatError => new ChatError("store_unavailable", "The database has been closed.");

export const locked = (cause: unknown): ChatError => new ChatError("store_unavailable", lockedTooLong, { cause });
