import { redis } from "@parlor/redis";
import { afterAll, describe, expect, it } from "vitest";
import { startProxy } from "./support/proxy.ts";
import {
  answered,
  closeAll,
  key,
  newTurn,
  outcomeOf,
  said,
  streaming,
  textEvent,
  wide,
  won,
} from "./support/samples.ts";
import { canStartServers, servers } from "./support/server.ts";

/** The server does what it was asked, and nobody hears of it. */
describe.skipIf(!canStartServers)("an answer that is lost", async () => {
  if (!canStartServers) return;
  const server = await servers()();
  const proxy = await startProxy(server.port);
  const storage = redis(proxy.url);
  const { sessions, turns, limits, records } = storage;
  afterAll(async () => {
    await closeAll(storage);
    await proxy.close();
  });

  /** The scripts this is about have to be known, or what is lost is that they are not. */
  async function losing<T>(work: () => Promise<T> | T): Promise<T> {
    await sessions.get(key());
    const before = proxy.lost;
    proxy.loseNextAnswer();
    try {
      return await work();
    } finally {
      expect(proxy.lost, "an answer was lost").toBe(before + 1);
    }
  }

  it("a claim is still won, with and without an idempotency key", async () => {
    for (const [id, idempotency] of [
      ["a", undefined],
      ["b", { key: "k", kind: "chat", bodyHash: "h" }],
    ] as const) {
      const request = { leaseMs: 60_000, ...(idempotency && { idempotency }) };
      const result = await losing(() => turns.claim(key(id), newTurn("t1"), request));
      const claim = result.kind === "won" ? result.claim : expect.fail(`${result.kind}, not won`);
      expect(await turns.append([{ claim, events: [textEvent(1)] }])).toEqual([{ last: 1 }]);
      expect((await turns.claim(key(id), newTurn("t2"), request)).kind).toBe(idempotency ? "repeat" : "busy");
    }
  });

  it("messages, events, the end and settling are there once, and say that they worked", async () => {
    const session = key("once");
    const claim = await won(turns, "t1", session);
    const request = { append: [said("u1"), streaming("a1", "t1")], window: wide };
    const opened = await losing(() => sessions.open(session, request));
    expect(opened.appended.map((message) => message.seq)).toEqual([1, 2]);
    const batch = { claim, events: [textEvent(1), textEvent(2)] };
    expect(await losing(() => turns.append([batch]))).toEqual([{ last: 2 }]);
    expect(await losing(() => turns.end(claim, { status: "complete" }))).toBe(true);
    expect(await turns.end(claim, { status: "complete" }), "another end is not").toBe(false);
    expect(await losing(() => sessions.settle(session, answered("a1", "t1"), { turn: "t1" }))).toBe(true);
    expect(await sessions.settle(session, answered("a1", "t1"), { turn: "t1" }), "another settling is not").toBe(false);
    await losing(() => turns.settled(session, "t1"));

    expect((await turns.read(session, "t1", 0, 10))?.events.map((event) => event.offset)).toEqual([1, 2, 3]);
    expect(await sessions.get(session)).toMatchObject({ messageCount: 2, usage: { inputTokens: 3, outputTokens: 5 } });
  });

  it("what is not the same twice is not done twice", async () => {
    const rule = { limit: 10, windowMs: 60_000 };
    expect(await losing(() => outcomeOf(limits.consume("key", 1, rule)))).toBe("store_unavailable");
    expect((await limits.consume("key", 1, rule)).remaining).toBe(8);
    expect(await losing(() => outcomeOf(records.putIfAbsent("kind", "id", "1")))).toBe("store_unavailable");
    expect(await records.get("kind", "id")).toBe("1");
    expect(await losing(() => outcomeOf(sessions.create(key("new"), {})))).toBe("store_unavailable");
    expect(await outcomeOf(sessions.create(key("new"), {}))).toBe("session_exists");
  });
});
