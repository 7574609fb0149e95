import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** Paths in a directory of this test file's own, removed at its end. */
export function temporaryFiles(): (name?: string) => string {
  let directory = "";
  let count = 0;
  beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "parlor-sqlite-"))));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return (name = `${count++}.db`) => join(directory, name);
}
