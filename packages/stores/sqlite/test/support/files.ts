import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll } from "vitest";

/** Paths in a directory of this test file's own, removed at its end. */
export function temporaryFiles(): (name?: string) => string {
  let directory = "";
  let count = 0;
  beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "parlor-sqlite-"))));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return (name = `${count++}.db`) => join(directory, name);
}

/** Names the tables that hold rows of an owner, and those that hold rows of nobody. */
export function rowsOf(path: string, owner: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const found = database
      .prepare(
        `SELECT 'sessions' AS name FROM sessions WHERE owner = ?1
         UNION SELECT 'owners' FROM owners WHERE owner = ?1
         UNION SELECT 'turns' FROM turns WHERE owner = ?1
         UNION SELECT 'sealed' FROM sealed WHERE owner = ?1
         UNION SELECT 'messages' FROM messages WHERE session NOT IN (SELECT number FROM sessions)
         UNION SELECT 'log' FROM log WHERE place >> 32 NOT IN (SELECT number FROM turns)`,
      )
      .all(owner);
    return found.map(({ name }) => String(name));
  } finally {
    database.close();
  }
}
