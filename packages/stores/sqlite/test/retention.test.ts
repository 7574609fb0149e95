import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { manualClock } from "@parlor/core/testing";
import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { key, newTurn, said, streaming, textEvent, times, wide } from "./support/samples.ts";

const file = temporaryFiles();

const ids = async (storage: ReturnType<typeof sqlite>) =>
  (await storage.sessions.list(key.owner, { limit: 100 })).items.map(({ id }) => id);

it("a session that nobody writes to is gone after its time, one that is being answered stays", async () => {
  const clock = manualClock();
  const storage = sqlite(file(), { ttlMs: 1_000, clock });
  const other = { owner: key.owner, id: "other" };
  const live = { owner: key.owner, id: "live" };
  await storage.sessions.open(key, { append: [said("m1")], window: wide });
  await storage.sessions.create(other, {});
  await storage.sessions.open(live, { append: [streaming("a1", "t1")], window: wide });
  expect(await storage.sessions.stats(key.owner)).toEqual({ sessions: 3, messages: 2, ttlMs: 1_000 });
  clock.advance(600);
  await storage.sessions.append(key, [said("m2")]);
  clock.advance(600);
  expect(await storage.sessions.get(other)).toBeUndefined();
  expect((await ids(storage)).toSorted()).toEqual(["live", key.id]);
  clock.advance(600);
  expect(await storage.sessions.messages(key, { limit: 10 })).toBeUndefined();
  const opened = await storage.sessions.open(key, { append: [said("m3")], window: wide });
  expect([opened.created, opened.window, opened.session.messageCount]).toEqual([true, [], 1]);
  expect((await ids(storage)).toSorted()).toEqual(["live", key.id]);

  await storage.sessions.settle(live, { ...said("a1"), turn: "t1" }, { turn: "t1" });
  clock.advance(1_000);
  expect(await ids(storage)).toEqual([]);

  // An answer that nobody will ever settle keeps nothing for ever.
  await storage.sessions.open(live, { append: [streaming("a2", "t2")], window: wide });
  clock.advance(86_400_000);
  expect(await ids(storage)).toEqual(["live"]);
  clock.advance(1_001);
  expect(await ids(storage)).toEqual([]);
  await storage.sessions.close();
});

it("what has run out is swept from every table, in small steps, when the database is opened and from time to time", async () => {
  const path = file();
  const clock = manualClock();
  const storage = sqlite(path, { ttlMs: 1_000, logMs: 1_000, idempotencyMs: 5_000, clock });
  for (const at of times(300, (index) => index)) {
    const one = { owner: key.owner, id: `s${at}` };
    await storage.sessions.open(one, { append: [said("m1"), said("m2")], window: wide });
    const idempotency = { key: `k${at}`, kind: "chat", bodyHash: "h" };
    const claimed = await storage.turns.claim(one, newTurn("t1"), { leaseMs: 1_000, idempotency });
    const claim = claimed.kind === "won" ? claimed.claim : expect.fail("the session is free");
    await storage.turns.append([{ claim, events: [textEvent(1)] }]);
    await storage.turns.end(claim, { status: "complete" });
    await storage.turns.settled(one, "t1");
    await storage.limits.consume(`limit${at}`, 1, { limit: 1, windowMs: 1_000 });
    await storage.limits.acquire(`places${at}`, "holder", 1, 1_000);
    await storage.records.put("kind", `${at}`, "value", 1_000);
    await storage.bus.publish("topic", "payload");
  }
  await storage.records.put("kind", "kept", "value");

  const counts = () => {
    const database = new DatabaseSync(path, { readOnly: true });
    const of = (table: string) => database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count;
    const tables = [
      "sessions",
      "messages",
      "removed_sessions",
      "log",
      "turns",
      "windows",
      "places",
      "records",
      "notices",
    ];
    const counted = tables.map(of);
    database.close();
    return counted;
  };
  expect(counts()).toEqual([300, 600, 0, 600, 300, 300, 300, 301, 300]);
  const swept = async (expected: readonly number[]) => {
    const other = sqlite(path, { clock });
    for (let turns = 0; turns < 1_000 && !expected.every((count, at) => counts()[at] === count); turns++)
      await setImmediate();
    expect(counts()).toEqual(expected);
    await other.sessions.close();
  };
  clock.advance(2_000);
  await swept([0, 0, 0, 0, 300, 0, 0, 1, 300]);
  const again = { leaseMs: 1_000, idempotency: { key: "k7", kind: "chat", bodyHash: "h" } };
  expect((await storage.turns.claim(key, newTurn("t2"), again)).kind, "its key is remembered").toBe("repeat");
  clock.advance(10_000);
  await swept([0, 0, 0, 0, 0, 0, 0, 1, 0]);
  expect(await storage.sessions.stats()).toEqual({ sessions: 0, messages: 0, ttlMs: 1_000 });
  await storage.sessions.close();
});
