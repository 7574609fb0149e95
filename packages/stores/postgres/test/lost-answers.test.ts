import type { Storage } from "@parlor/core";
import { afterAll, describe, expect, test } from "vitest";
import { postgres } from "../src/index.ts";
import { testDatabase } from "./support/database.ts";
import { startProxy } from "./support/proxy.ts";
import { answered, key, newTurn, outcomeOf, said, streaming, textEvent, wide, won } from "./support/samples.ts";

const database = await testDatabase();

/** The server does what it was asked, and nobody hears of it. */
describe.skipIf(!database)("an answer that is lost", async () => {
  if (!database) return;
  const target = new URL(database.url);
  const proxy = await startProxy(Number(target.port || 5432));
  target.port = String(proxy.port);
  const storage: Storage = postgres({ url: target.href, schema: database.schema, listen: false });
  const { sessions, turns, limits, records } = storage;
  afterAll(async () => {
    await sessions.close();
    await proxy.close();
    await database.drop();
  });

  async function losing<T>(work: () => Promise<T> | T): Promise<T> {
    await sessions.stats();
    const before = proxy.lost;
    proxy.loseNextAnswer();
    try {
      return await work();
    } finally {
      expect(proxy.lost, "an answer was lost").toBe(before + 1);
    }
  }

  test("a claim is still won, with and without an idempotency key", async () => {
    for (const [id, idempotency] of [
      ["a", undefined],
      ["b", { key: "k", kind: "chat", bodyHash: "h" }],
    ] as const) {
      const request = { leaseMs: 60_000, ...(idempotency && { idempotency }) };
      const result = await losing(() => turns.claim(key(id), newTurn("t1"), request));
      expect(result.kind).toBe("won");
      if (result.kind === "won")
        expect(await turns.append([{ claim: result.claim, events: [textEvent(1)] }])).toEqual([{ last: 1 }]);
      expect((await turns.claim(key(id), newTurn("t2"), request)).kind).toBe(idempotency ? "repeat" : "busy");
    }
  });

  test("messages, events, the end and settling are there once, and say that they worked", async () => {
    const s = key("once");
    const claim = await won(turns, "t1", s);
    const request = { append: [said("u1"), streaming("a1", "t1")], window: wide };
    const opened = await losing(() => sessions.open(s, request));
    expect(opened.appended.map((message) => message.seq)).toEqual([1, 2]);
    const batch = { claim, events: [textEvent(1), textEvent(2)] };
    expect(await losing(() => turns.append([batch]))).toEqual([{ last: 2 }]);
    expect(await losing(() => turns.end(claim, { status: "complete" }))).toBe(true);
    expect(await turns.end(claim, { status: "complete" }), "another end is not").toBe(false);
    expect(await losing(() => sessions.settle(s, answered("a1", "t1"), { turn: "t1" }))).toBe(true);
    expect(await sessions.settle(s, answered("a1", "t1"), { turn: "t1" }), "another settling is not").toBe(false);
    await losing(() => turns.settled(s, "t1"));

    expect((await turns.read(s, "t1", 0, 10))?.events.map((event) => event.offset)).toEqual([1, 2, 3]);
    const session = await sessions.get(s);
    expect([session?.messageCount, session?.usage]).toEqual([2, { inputTokens: 3, outputTokens: 5 }]);
  });

  test("what is not the same twice is not done twice", async () => {
    const rule = { limit: 10, windowMs: 60_000 };
    expect(await losing(() => outcomeOf(limits.consume("key", 1, rule)))).toBe("store_unavailable");
    expect((await limits.consume("key", 1, rule)).remaining).toBe(8);
    expect(await losing(() => outcomeOf(records.putIfAbsent("kind", "id", "1")))).toBe("store_unavailable");
    expect(await records.get("kind", "id")).toBe("1");
    expect(await losing(() => outcomeOf(sessions.create(key("new"), {})))).toBe("store_unavailable");
    await expect(sessions.create(key("new"), {})).rejects.toMatchObject({ code: "session_exists" });
  });
});
