import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { key, said, times } from "./support/samples.ts";

const file = temporaryFiles();

const megabyte = 1_048_576;

it("the log beside the file stays small, and shrinks again after a reader kept it from being emptied", async () => {
  const path = file();
  const storage = sqlite(path, { durability: "process" });
  const logSize = () => statSync(`${path}-wal`).size;
  let written = 0;
  const write = async (megabytes: number) => {
    for (let at = 0; at < megabytes * 10; at++) {
      await storage.sessions.append(
        key,
        times(10, () => said(`m${written++}`, "x".repeat(10_000))),
      );
    }
  };
  await storage.sessions.create(key, {});
  await write(20);
  expect(logSize()).toBeLessThan(8 * megabyte);

  const reader = new DatabaseSync(path);
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM sessions").get();
  await write(20);
  expect(logSize()).toBeGreaterThan(16 * megabyte);
  reader.exec("COMMIT");
  reader.close();
  await write(10);
  expect(logSize()).toBeLessThanOrEqual(8 * megabyte);
  await storage.sessions.close();
});
