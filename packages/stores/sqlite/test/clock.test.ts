import { DatabaseSync } from "node:sqlite";
import { manualClock } from "@parlor/core/testing";
import { sqlite } from "@parlor/sqlite";
import { afterEach, expect, it, vi } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { key, newTurn, said, wide } from "./support/samples.ts";

const file = temporaryFiles();

afterEach(() => void vi.restoreAllMocks());

const hour = 3_600_000;

it("setting the wall clock, in one process or all, moves no lease, window or order", async () => {
  const path = file();
  const storage = sqlite(path);
  await storage.turns.claim(key, newTurn("t1"), { leaseMs: 60_000 });
  await storage.limits.consume("limit", 1, { limit: 1, windowMs: 60_000 });
  await storage.sessions.create({ owner: "ada", id: "first" }, {});
  for (const jump of [hour, -hour]) {
    const now = Date.now;
    vi.spyOn(Date, "now").mockImplementation(() => now() + jump);
    const other = sqlite(path);
    for (const node of [storage, other]) {
      expect((await node.turns.claim(key, newTurn("t2"), { leaseMs: 1_000 })).kind).toBe("busy");
      expect((await node.limits.consume("limit", 1, { limit: 1, windowMs: 60_000 })).allowed).toBe(false);
    }
    const id = `jumped ${jump}`;
    await other.sessions.create({ owner: "ada", id }, {});
    expect((await other.sessions.list("ada", { limit: 1 })).items[0]?.id, "the newest is the newest").toBe(id);
    await other.sessions.close();
    vi.restoreAllMocks();
  }
  await storage.sessions.close();
});

it("after a boot nobody holds what was held before, however the clock stands", async () => {
  const path = file();
  const before = sqlite(path);
  await before.turns.claim(key, newTurn("t1"), { leaseMs: hour });
  await before.limits.acquire("places", "holder", 1, hour);
  await before.limits.consume("limit", 1, { limit: 1, windowMs: 1_000 });
  await before.sessions.close();
  // As another boot left it, on a machine whose clock was a year ahead then.
  const database = new DatabaseSync(path);
  database.exec("UPDATE clock SET boot = 'another'; UPDATE windows SET ends = ends + 31536000000");
  database.close();

  const after = sqlite(path);
  expect((await after.turns.claim(key, newTurn("t2"), { leaseMs: 1_000 })).kind).toBe("unsettled");
  expect((await after.turns.expired(10)).map(({ id }) => id)).toEqual(["t1"]);
  expect(await after.limits.acquire("places", "another", 1, hour)).toBe(true);
  expect((await after.limits.consume("limit", 1, { limit: 1, windowMs: 1_000 })).allowed).toBe(true);
  await after.sessions.close();
});

it("times that people see never go back within a session", async () => {
  const clock = manualClock();
  const storage = sqlite(file(), { clock });
  const { session } = await storage.sessions.open(key, { append: [said("m1")], window: wide });
  clock.jump(-hour);
  const later = await storage.sessions.append(key, [said("m2")]);
  expect(later.updatedAt > session.updatedAt).toBe(true);
  await storage.sessions.close();
});
