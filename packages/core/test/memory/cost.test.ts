import { expect, test } from "vitest";
import { createChatEngine, memory, type NewMessage, type Part, type Storage } from "../../src/index.ts";
import { notDue, Schedule, type Due } from "../../src/memory/schedule.ts";
import { countBefore } from "../../src/memory/sorted.ts";
import { manualClock, says, scriptedBackend } from "../../src/testing/index.ts";
import { longestSpliced } from "./longest-spliced.ts";
import { answered, key, newTurn, said, streaming, textEvent, wide } from "./samples.ts";

/** Calls `read` whenever an element of the array is looked at. */
const watched = <T>(items: T[], read: () => void): T[] =>
  new Proxy(items, {
    get(target, name, receiver) {
      if (typeof name === "string" && /^\d+$/.test(name)) read();
      return Reflect.get(target, name, receiver) as unknown;
    },
  });

/** A session of `count` messages that counts how many of them are looked into. */
async function long(count: number) {
  const { sessions } = memory({ clock: manualClock() });
  const looked = new Set<string>();
  const watch = (message: NewMessage): NewMessage => ({
    ...message,
    parts: watched<Part>([...message.parts], () => looked.add(message.id)),
  });
  const messages = Array.from({ length: count }, (_, at) => watch(said(`m${at}`)));
  await sessions.open(key("a"), { append: [...messages, streaming("answer", "t1")], window: { ...wide, last: 0 } });
  looked.clear();
  return { sessions, looked };
}

test("the watch sees what is looked at", async () => {
  const { sessions, looked } = await long(100);
  await sessions.open(key("a"), { append: [], window: wide });
  expect(looked.size).toBe(100);
});

test("a window looks at what it returns, however long the conversation is", async () => {
  const { sessions, looked } = await long(5_000);
  const { window } = await sessions.open(key("a"), { append: [said("next")], window: { ...wide, last: 50 } });
  expect(window).toHaveLength(50);
  expect(looked.size).toBe(50);
});

test("appending, settling and paging look into no other message", async () => {
  const { sessions, looked } = await long(5_000);
  await sessions.append(key("a"), [said("next")]);
  await sessions.settle(key("a"), answered("answer", "t1"), { turn: "t1" });
  await sessions.messages(key("a"), { limit: 50 });
  await sessions.message(key("a"), "m1");
  expect(looked.size).toBe(0);
});

/** The same storage, and the names of the calls that were made on it. */
function counted(storage: Storage): { storage: Storage; calls: string[] } {
  const calls: string[] = [];
  const part = <P extends object>(name: string, target: P): P =>
    new Proxy(target, {
      get(_, method) {
        const value: unknown = Reflect.get(target, method);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          calls.push(`${name}.${String(method)}`);
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  const { sessions, turns, limits, records, bus } = storage;
  return {
    calls,
    storage: {
      sessions: part("sessions", sessions),
      turns: part("turns", turns),
      limits: part("limits", limits),
      records: part("records", records),
      bus: part("bus", bus),
    },
  };
}

test.each([
  ["10, 1,000 and 100,000 messages in the session", [10, 1_000, 100_000], [10]],
  ["10 and 1,000,000 sessions of its owner", [10], [10, 1_000_000]],
])("a turn does the same with %s", { timeout: 120_000 }, async (_name, lengths, counts) => {
  const costs = [];
  for (const messages of lengths) {
    for (const sessions of counts) {
      const kept = memory({ maxSessions: 2_000_000 });
      const looked = new Set<string>();
      const watch = (message: NewMessage): NewMessage => ({
        ...message,
        parts: watched<Part>([...message.parts], () => looked.add(message.id)),
      });
      const session = key("a");
      const append = Array.from({ length: messages }, (_, at) => watch(said(`m${at}`)));
      await kept.sessions.open(session, { append, window: { ...wide, last: 0 } });
      for (let at = 1; at < sessions; at++) await kept.sessions.create(key(`s${at}`), {});
      const { storage, calls } = counted(kept);
      const engine = createChatEngine({
        backend: scriptedBackend(says("An answer.")),
        storage,
        window: { messages: 8 },
        limits: { requests: [{ limit: 100, windowMs: 60_000 }], concurrentTurns: 10 },
      });
      // The engine's first turn subscribes to the bus, too.
      await engine.send({ owner: "eve", session: "first", message: "A question" });
      looked.clear();
      calls.length = 0;
      // Another session is the newest, so this one moves from the far end to the front.
      const spliced = await longestSpliced(async () => {
        await engine.send({ owner: "ada", session: "a", message: "A question", idempotencyKey: "k" });
        await engine.sessions.list("ada", { limit: 5 });
      });
      costs.push({ calls: [...calls], looked: looked.size });
      expect(spliced).toBeLessThan(5_000);
      await engine.close();
    }
  }
  expect(costs[0]).toMatchObject({ looked: 8 });
  // Before the model three calls that could be a round each: the claim, the limits (side by side), the opening.
  expect(costs[0]?.calls.filter((call) => !call.startsWith("limits."))).toEqual([
    "turns.claim",
    "sessions.open",
    "turns.append",
    "turns.append",
    "turns.end",
    "sessions.settle",
    "turns.settled",
    "sessions.list",
  ]);
  for (const cost of costs) expect(cost).toEqual(costs[0]);
});

test("a batch is kept as it came: no event is copied, and all but its first is not even looked at", async () => {
  const { turns } = memory({ clock: manualClock() });
  const result = await turns.claim(key("a"), newTurn("t1"), { leaseMs: 1_000 });
  if (result.kind !== "won") throw new Error("the session is free");
  let looks = 0;
  const events = Array.from({ length: 1_000 }, (_, at) => textEvent(at + 1));
  const appended = turns.append([{ claim: result.claim, events: watched(events, () => (looks += 1)) }]);
  expect(appended, "an answer, not a promise of one").toEqual([{ last: 1_000 }]);
  expect(looks).toBeLessThan(5);
  const page = await turns.read(key("a"), "t1", 997, 10);
  expect(page?.events.every((event, at) => event === events[997 + at])).toBe(true);
  expect(looks, "reading looks at what it returns").toBeLessThan(20);
});

test("finding a place in a sorted array takes as many looks as the number of items has bits", () => {
  const items = Array.from({ length: 100_000 }, (_, at) => at);
  for (const place of [0, 1, 49_999, 99_999, 100_000]) {
    let looks = 0;
    expect(countBefore(items, (item) => (looks++, item < place))).toBe(place);
    expect(looks).toBeLessThanOrEqual(17);
  }
});

test("a sweep costs what is due, not what is there", () => {
  let looks = 0;
  const item = (at: number): Due => ({
    ...notDue,
    get dueAt() {
      looks += 1;
      return at;
    },
    set dueAt(_value: number) {},
  });
  const schedule = new Schedule<Due>();
  for (let at = 0; at < 10_000; at += 1) schedule.put(item(at), at);
  looks = 0;
  expect(schedule.take(-1)).toBeUndefined();
  expect(looks).toBeLessThan(3);
  for (let at = 0; at < 10; at += 1) expect(schedule.take(9)?.dueAt).toBe(at);
  expect(schedule.take(9)).toBeUndefined();
  expect(looks, "ten taken from ten thousand").toBeLessThan(1_000);
});
