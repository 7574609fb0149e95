import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { players } from "./support/process.ts";
import { key, newTurn, said, textEvent, times, wide } from "./support/samples.ts";

const file = temporaryFiles();
const start = players();

const unavailable = { code: "store_unavailable", message: "Another process has locked the database for too long." };

it("waits for a lock without blocking this process, and then says that the store is unavailable", async () => {
  const path = file();
  const storage = sqlite(path, { timeoutMs: 400 });
  const claimed = await storage.turns.claim(key, newTurn("t1"), { leaseMs: 60_000 });
  expect(claimed.kind).toBe("won");
  const claim = claimed.kind === "won" ? claimed.claim : expect.fail("the session is free");
  await storage.sessions.open(key, { append: [said("m1")], window: wide });
  const holder = start("hold", [path]);
  await holder.says("held");
  // Frozen, as a process is that was stopped in the middle of a write.
  holder.signal("SIGSTOP");

  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 5);
  const calls = [
    storage.sessions.append(key, [said("m2")]),
    storage.turns.renew([claim], 1_000),
    Promise.resolve(storage.turns.append([{ claim, events: [textEvent(1)] }])),
    storage.limits.consume("limit", 1, { limit: 1, windowMs: 1_000 }),
    storage.records.put("kind", "id", "value"),
    storage.bus.publish("topic", "payload"),
    storage.sessions.ping(AbortSignal.timeout(5_000)),
    ...times(200, async (at) => storage.sessions.append(key, [said(`late-${at}`)])),
  ];
  const outcomes = Promise.allSettled(calls);
  expect((await storage.sessions.messages(key, { limit: 10 }))?.length, "reading goes on meanwhile").toBe(1);
  for (const outcome of await outcomes) {
    expect(outcome.status === "rejected" && outcome.reason).toMatchObject(unavailable);
  }
  clearInterval(ticking);
  expect(ticks, "the event loop ran meanwhile").toBeGreaterThan(5);

  holder.signal("SIGCONT");
  holder.tell("release");
  await holder.says("released");
  await storage.sessions.append(key, [said("m3")]);
  expect(await storage.turns.append([{ claim, events: [textEvent(1)] }])).toEqual([{ last: 1 }]);
  expect((await storage.sessions.messages(key, { limit: 10 }))?.map(({ id }) => id)).toEqual(["m1", "m3"]);
  await storage.sessions.close();
});

it("goes on, in order, as soon as the lock is free", async () => {
  const path = file();
  const storage = sqlite(path, { timeoutMs: 10_000 });
  await storage.sessions.create(key, {});
  const holder = start("hold", [path]);
  await holder.says("held");
  const appended = times(20, async (at) => storage.sessions.append(key, [said(`m${at}`)]));
  holder.tell("release");
  await Promise.all(appended);
  const stored = await storage.sessions.messages(key, { limit: 100 });
  expect(stored?.map(({ id }) => id)).toEqual(times(20, (at) => `m${at}`));
  await storage.sessions.close();
});

it("a process that died with the lock holds it no more", async () => {
  const path = file();
  const storage = sqlite(path);
  const holder = start("hold", [path]);
  await holder.says("held");
  const created = storage.sessions.create(key, {});
  await holder.end("SIGKILL");
  expect((await created).id).toBe(key.id);
  await storage.sessions.close();
});

it("opening waits for a lock, and then says so", async () => {
  const path = file();
  await sqlite(path).sessions.close();
  const holder = start("hold", [path]);
  await holder.says("held");
  // Opening a database that is there and in order takes no lock.
  const storage = sqlite(path, { timeoutMs: 100 });
  await expect(storage.sessions.create(key, {})).rejects.toMatchObject(unavailable);
  await storage.sessions.close();

  const fresh = file();
  const early = start("hold", [fresh]);
  await early.says("held");
  expect(() => sqlite(fresh, { timeoutMs: 100 })).toThrowError(expect.objectContaining(unavailable));
});
