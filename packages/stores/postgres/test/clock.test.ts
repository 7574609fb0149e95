import type { Storage } from "@parlor/core";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { postgres } from "../src/index.ts";
import { query, testDatabase } from "./support/database.ts";
import { key, newTurn, said, textEvent, won } from "./support/samples.ts";

const database = await testDatabase();
const hour = 3_600_000;

describe.skipIf(!database)("a server whose clock was set", () => {
  const { url = "", schema = "", drop = async () => {} } = database ?? {};
  const storage: Storage = postgres({ url, schema });
  const { sessions, turns, limits } = storage;

  /** How far the store's clock is from the server's, which is not for a test to set. */
  async function setClock(ms: number): Promise<void> {
    await sessions.stats();
    const seconds = "extract(epoch from clock_timestamp())::double precision * 1000";
    await query(
      url,
      `create or replace function "${schema}".now_ms() returns double precision language sql volatile as $$ select ${seconds} + ${ms} $$`,
    );
  }

  beforeEach(() => setClock(0));
  afterAll(async () => {
    await sessions.close();
    await drop();
  });

  it("back by an hour: a dead writer's lease lasts as long as it was given for, and no longer", async () => {
    const session = key("dead");
    expect((await turns.claim(session, newTurn("t1"), { leaseMs: 60_000 })).kind).toBe("won");
    await setClock(-hour);
    const busy = await turns.claim(session, newTurn("t2"), { leaseMs: 1_000 });
    expect(busy.kind === "busy" && busy.leaseMs).toBeLessThanOrEqual(60_000);
    await setClock(-hour + 60_001);
    expect((await turns.claim(session, newTurn("t2"), { leaseMs: 1_000 })).kind).toBe("unsettled");
    expect((await turns.adopt(session, "t1", 1_000))?.turn).toBe("t1");
  });

  it("back by an hour: who looks for dead turns finds it as soon", async () => {
    const session = key("looked for");
    await turns.claim(session, newTurn("t1"), { leaseMs: 60_000 });
    const found = async () => (await turns.expired(100)).some((turn) => turn.key.id === session.id);
    await setClock(-hour);
    expect(await found()).toBe(false);
    await setClock(-hour + 60_001);
    expect(await found()).toBe(true);
  });

  it("in either direction: a writer that renews before anybody takes its turn over goes on", async () => {
    for (const jump of [-hour, hour]) {
      const session = key(`living ${jump}`);
      await setClock(0);
      const claim = await won(turns, "t1", session);
      await setClock(jump);
      expect((await turns.renew([claim], 60_000))[0]?.held).toBe(true);
      const busy = await turns.claim(session, newTurn("t2"), { leaseMs: 1_000 });
      expect(busy.kind === "busy" && busy.leaseMs).toBeLessThanOrEqual(60_000);
      expect(await turns.append([{ claim, events: [textEvent(1)] }])).toEqual([{ last: 1 }]);
    }
  });

  it("ahead by an hour: a writer whose turn was taken over meanwhile is fenced", async () => {
    const session = key("taken over");
    const claim = await won(turns, "t1", session);
    await setClock(hour);
    expect((await turns.adopt(session, "t1", 60_000))?.turn).toBe("t1");
    expect(await turns.append([{ claim, events: [textEvent(1)] }])).toEqual(["stale"]);
    expect(await turns.end(claim, { status: "complete" })).toBe(false);
  });

  it("back by an hour: a window does not last an hour longer", async () => {
    const rule = { limit: 1, windowMs: 60_000 };
    expect((await limits.consume("key", 1, rule)).allowed).toBe(true);
    expect((await limits.consume("key", 1, rule)).allowed).toBe(false);
    await setClock(-hour);
    const after = await limits.consume("key", 1, rule);
    expect(after.allowed).toBe(true);
    expect(after.resetMs).toBeLessThanOrEqual(rule.windowMs);
    expect((await limits.consume("key", 1, rule)).allowed).toBe(false);
  });

  it("back by an hour: what people see of times never goes back within a session", async () => {
    const session = key("seen");
    const before = await sessions.create(session, {});
    await setClock(-hour);
    const after = await sessions.append(session, [said("m1")]);
    expect(after.updatedAt >= before.updatedAt).toBe(true);
  });
});
