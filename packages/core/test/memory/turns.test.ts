import { expect, test } from "vitest";
import { memory } from "../../src/index.ts";
import { manualClock } from "../../src/testing/index.ts";
import { key, newTurn, runTurn, textEvent } from "./samples.ts";

test("at most ten logs per possible session are kept, the newest", async () => {
  const storage = memory({ maxSessions: 1, clock: manualClock() });
  for (let at = 0; at < 12; at += 1) await runTurn(storage, key(`s${at}`), "t1");
  const kept = [];
  for (let at = 0; at < 12; at += 1) kept.push((await storage.turns.get(key(`s${at}`), "t1")) !== undefined);
  expect(kept).toEqual([false, false, ...Array.from({ length: 10 }, () => true)]);
});

test("a turn that has not settled is kept however many others end", async () => {
  const storage = memory({ maxSessions: 1, clock: manualClock() });
  const live = await storage.turns.claim(key("live"), newTurn("t1"), { leaseMs: 1_000 });
  const ended = await storage.turns.claim(key("ended"), newTurn("t1"), { leaseMs: 1_000 });
  if (live.kind !== "won" || ended.kind !== "won") throw new Error("the sessions are free");
  await storage.turns.end(ended.claim, { status: "complete" });
  for (let at = 0; at < 20; at += 1) await runTurn(storage, key("other"), `t${at}`);
  expect(storage.turns.append([{ claim: live.claim, events: [textEvent(1)] }])).toEqual([{ last: 1 }]);
  expect((await storage.turns.read(key("ended"), "t1", 0, 10))?.ended).toBe(true);
  expect(await storage.turns.expired(10)).toMatchObject([{ key: key("ended") }]);
});

test("at most a hundred idempotency keys per possible session are remembered, the newest", async () => {
  const { turns } = memory({ maxSessions: 1, clock: manualClock() });
  const claim = (at: number) =>
    turns.claim(key(`s${at}`), newTurn(`t${at}`), {
      leaseMs: 1_000,
      idempotency: { key: `k${at}`, kind: "chat", bodyHash: "h" },
    });
  for (let at = 0; at < 101; at += 1) expect((await claim(at)).kind).toBe("won");
  expect((await claim(1)).kind).toBe("repeat");
  expect((await claim(100)).kind).toBe("repeat");
  expect((await claim(0)).kind, "forgotten; its session's turn runs").toBe("busy");
});

test("leases, logs and keys run on the monotonic clock", async () => {
  const clock = manualClock();
  const storage = memory({ clock });
  const request = { leaseMs: 1_000, idempotency: { key: "k", kind: "chat", bodyHash: "h" } };
  await runTurn(storage, key("done"), "t1");
  await storage.turns.claim(key("a"), newTurn("t1"), request);
  for (const jump of [86_400_000 * 2, -86_400_000 * 4]) {
    clock.jump(jump);
    expect(await storage.turns.adopt(key("a"), "t1", 1_000)).toBeUndefined();
    expect(await storage.turns.read(key("done"), "t1", 0, 10)).toMatchObject({ ended: true });
    expect((await storage.turns.claim(key("b"), newTurn("t2"), request)).kind).toBe("repeat");
  }
  clock.advance(1_000);
  expect(await storage.turns.adopt(key("a"), "t1", 1_000)).toBeDefined();
});

test("the log of an ended turn reads as it was written, however many events it has", async () => {
  const { turns } = memory({ clock: manualClock() });
  const result = await turns.claim(key("a"), newTurn("t1"), { leaseMs: 1_000 });
  if (result.kind !== "won") throw new Error("the session is free");
  const events = Array.from({ length: 50 }, (_, at) => textEvent(at + 1, `"€😀\ud800\n${at}`));
  for (const event of events) await turns.append([{ claim: result.claim, events: [event] }]);
  await turns.end(result.claim, { status: "complete", usage: { inputTokens: 1, outputTokens: 50 } });
  const live = await turns.read(key("a"), "t1", 0, 100);
  await turns.settled(key("a"), "t1");
  expect(await turns.read(key("a"), "t1", 0, 100)).toEqual(live);
  expect((await turns.read(key("a"), "t1", 20, 3))?.events).toEqual(events.slice(20, 23));
  expect(await turns.read(key("a"), "t1", 51, 3)).toEqual({ events: [], ended: true });
});
