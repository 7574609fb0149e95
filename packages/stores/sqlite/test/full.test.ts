import { DatabaseSync } from "node:sqlite";
import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { key, newTurn, said, textEvent, times, wide } from "./support/samples.ts";

const file = temporaryFiles();

const full = { code: "store_unavailable", message: "The disk, or the space the database may take, is full." };

it("when the space is used up writes fail whole, reads go on, and writing works again once there is space", async () => {
  const path = file();
  const storage = sqlite(path, { maxBytes: 600_000 });
  await storage.sessions.create({ owner: "eve", id: "ballast" }, {});
  await storage.sessions.append(
    { owner: "eve", id: "ballast" },
    times(10, (at) => said(`b${at}`, "x".repeat(20_000))),
  );
  await storage.sessions.create(key, {});
  const claimed = await storage.turns.claim(key, newTurn("t1"), { leaseMs: 60_000 });
  const claim = claimed.kind === "won" ? claimed.claim : expect.fail("the session is free");

  let stored = 0;
  const fill = async () => {
    for (; ; stored++) await storage.sessions.append(key, [said(`m${stored}`), said(`n${stored}`, "x".repeat(9_000))]);
  };
  await expect(fill()).rejects.toMatchObject(full);
  await expect(storage.records.put("kind", "id", "x".repeat(50_000))).rejects.toMatchObject(full);
  const big = textEvent(1, "x".repeat(50_000));
  await expect(Promise.resolve(storage.turns.append([{ claim, events: [big] }]))).rejects.toMatchObject(full);

  const messages = await storage.sessions.messages(key, { limit: 1_000 });
  expect(messages?.length, "whole appends only").toBe(2 * stored);
  expect((await storage.sessions.get(key))?.messageCount).toBe(2 * stored);
  expect(await storage.sessions.stats()).toMatchObject({ sessions: 2, messages: 2 * stored + 10 });
  expect(await storage.turns.read(key, "t1", 0, 10)).toEqual({ events: [], ended: false });
  const other = new DatabaseSync(path);
  expect(other.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  other.close();

  // Removing needs a little space of its own; the log beside the file has it.
  expect(await storage.sessions.deleteOwner("eve")).toBe(1);
  await storage.sessions.open(key, { append: [said("again", "x".repeat(9_000))], window: wide });
  expect(await storage.turns.append([{ claim, events: [big] }])).toEqual([{ last: 1 }]);
  expect((await storage.sessions.message(key, "again"))?.id).toBe("again");
  await storage.sessions.close();
});
