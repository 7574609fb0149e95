import { DatabaseSync } from "node:sqlite";
import { createChatEngine, type Storage } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { type Cost, costOf, tellsBytes } from "./support/meter.ts";
import { key, said, times } from "./support/samples.ts";

const file = temporaryFiles();

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, one) => total + one, 0);

/** A turn with limits on a connection that has nothing in its cache, so that every page it needs is read. */
async function turnOn(path: string, session: string): Promise<Cost> {
  const storage = sqlite(path, { durability: "process" });
  const engine = createChatEngine({
    backend: scriptedBackend(says("one two three four")),
    storage,
    limits: { requests: [{ limit: 1_000, windowMs: 60_000 }], concurrentTurns: 10 },
  });
  const cost = await costOf(async () => {
    await engine.send({ owner: key.owner, session, message: "Question", idempotencyKey: crypto.randomUUID() });
  });
  await engine.close();
  return cost;
}

/** The same work: the same statements as often; more bytes only by the height of the tables' trees. */
function sameCost(costs: readonly Cost[]): void {
  const [first, ...others] = costs;
  for (const other of others) {
    expect(other.statements).toEqual(first?.statements);
    expect(other.read).toBeLessThan(2 * (first?.read ?? 0) + 65_536);
    // Waking an event loop writes 8.
    expect(other.written).toBeLessThanOrEqual(2 * (first?.written ?? 0) + 64);
  }
}

if (!tellsBytes) console.log("Bytes are not compared: this system does not tell what a thread reads and writes.");

/** Through a connection that is closed again, so that none but the measured one is at work. */
async function seed(path: string, work: (storage: Storage) => Promise<void>): Promise<void> {
  const storage = sqlite(path, { durability: "process" });
  await work(storage);
  await storage.sessions.close();
}

it("a turn costs the same in a session of 10, 1,000 and 100,000 messages", { timeout: 120_000 }, async () => {
  const path = file();
  const costs: Cost[] = [];
  let seeded = 0;
  for (const size of [10, 1_000, 100_000]) {
    await seed(path, async ({ sessions }) => {
      if (seeded === 0) await sessions.create(key, {});
      for (; seeded < size; seeded += 10) {
        await sessions.append(
          key,
          times(10, (at) => said(`m${seeded + at}`, "word ".repeat(60))),
        );
      }
    });
    costs.push(await turnOn(path, key.id));
  }
  sameCost(costs);
  const statements = costs[0]?.statements ?? {};
  // Before the model the claim, two limits and the opening; then four reads, the end, two steps to settle, a place given back.
  expect(statements["BEGIN IMMEDIATE"]).toBe(4 + 4 + 3 + 1);
  expect(sum(statements)).toBeLessThan(70);
});

it(
  "a turn, and a page of the list, cost the same with 50 and 1,000,000 sessions of one owner",
  { timeout: 240_000 },
  async () => {
    const path = file();
    const costs: Cost[] = [];
    const pages: Cost[] = [];
    await seed(path, async ({ sessions }) => void (await sessions.stats()));
    let seeded = 0;
    for (const size of [50, 1_000_000]) {
      addSessions(path, seeded, size);
      seeded = size;
      costs.push(await turnOn(path, "s1"));
      // At the front of the list and close to its end.
      for (const id of ["s1", "s30"]) {
        const storage = sqlite(path);
        const updatedAt = (await storage.sessions.get({ owner: key.owner, id }))?.updatedAt ?? "";
        await storage.sessions.close();
        pages.push(await pageAfter(path, `${Date.parse(updatedAt)}.${id}`));
      }
    }
    sameCost(costs);
    sameCost(pages);
    expect(pages.length).toBe(4);
  },
);

/** Those from the first number to below the second, the way the store keeps them. */
function addSessions(path: string, from: number, to: number): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA synchronous = OFF; BEGIN");
  database
    .prepare(
      `INSERT INTO sessions (number, owner, id, created_ms, updated_ms, next_seq, stored, messages, turns, streaming,
         input_tokens, output_tokens, fields)
       WITH RECURSIVE n (at) AS (SELECT CAST(?2 AS INTEGER) UNION ALL SELECT at + 1 FROM n WHERE at + 1 < ?3)
       SELECT at + 1000, ?1, 's' || at, 1700000000000 + at, 1700000000000 + at, 1, 0, 0, 0, 0, 0, 0, '{"favorite":false,"metadata":{}}' FROM n`,
    )
    .run(key.owner, from, to);
  database.prepare("INSERT INTO owners VALUES (?1, ?2, 0) ON CONFLICT DO UPDATE SET sessions = ?2").run(key.owner, to);
  database.exec(`UPDATE totals SET numbers = ${to + 1_000}; COMMIT`);
  database.close();
}

async function pageAfter(path: string, cursor: string): Promise<Cost> {
  const storage = sqlite(path);
  const cost = await costOf(async () => {
    expect((await storage.sessions.list(key.owner, { limit: 20, cursor })).items.length).toBe(20);
  });
  await storage.sessions.close();
  return cost;
}
