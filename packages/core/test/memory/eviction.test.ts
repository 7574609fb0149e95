import { expect, test } from "vitest";
import { memory } from "../../src/index.ts";
import { manualClock } from "../../src/testing/index.ts";
import { answered, key, present, said, streaming, wide } from "./samples.ts";

test("the least recently used session goes first, whoever owns it", async () => {
  const storage = memory({ maxSessions: 3, clock: manualClock() });
  const { sessions } = storage;
  await sessions.create(key("a"), {});
  await sessions.create(key("b", "eve"), {});
  await sessions.create(key("c"), {});
  await sessions.create(key("d"), {});
  expect([await present(storage), await present(storage, "eve")]).toEqual([["c", "d"], ["b"]]);
  await sessions.open(key("e", "eve"), { append: [said("m1")], window: wide });
  expect([await present(storage), await present(storage, "eve")]).toEqual([["c", "d"], ["e"]]);
  expect(await sessions.stats()).toEqual({ sessions: 3, messages: 1, maxSessions: 3 });
});

const uses = {
  get: (storage) => storage.sessions.get(key("a")),
  messages: (storage) => storage.sessions.messages(key("a"), { limit: 1 }),
  message: (storage) => storage.sessions.message(key("a"), "m1"),
  open: (storage) => storage.sessions.open(key("a"), { append: [], window: wide }),
  append: (storage) => storage.sessions.append(key("a"), []),
  update: (storage) => storage.sessions.update(key("a"), { title: "A title" }),
  clear: (storage) => storage.sessions.clear(key("a")),
} satisfies Record<string, (storage: ReturnType<typeof memory>) => Promise<unknown>>;

test.each(Object.entries(uses))("%s is a use", async (_name, use) => {
  const storage = memory({ maxSessions: 2, clock: manualClock() });
  await storage.sessions.create(key("a"), {});
  await storage.sessions.create(key("b"), {});
  await use(storage);
  await storage.sessions.create(key("c"), {});
  expect(await present(storage)).toEqual(["a", "c"]);
});

test("listing is not a use", async () => {
  const storage = memory({ maxSessions: 2, clock: manualClock() });
  await storage.sessions.create(key("a"), {});
  await storage.sessions.create(key("b"), {});
  await storage.sessions.list("ada", { limit: 1 });
  await storage.sessions.create(key("c"), {});
  expect(await present(storage)).toEqual(["b", "c"]);
});

test("a session that is being answered is never evicted; once answered it is like any other", async () => {
  const clock = manualClock();
  const storage = memory({ maxSessions: 2, ttlMs: 1_000, clock });
  const { sessions } = storage;
  await sessions.open(key("a"), { append: [streaming("m1", "t1")], window: wide });
  await sessions.create(key("b"), {});
  await sessions.create(key("c"), {});
  expect(await present(storage)).toEqual(["a", "c"]);
  clock.advance(5_000);
  expect(await present(storage)).toEqual(["a"]);
  await sessions.get(key("a"));
  clock.advance(5_000);
  await sessions.settle(key("a"), answered("m1", "t1"), { turn: "t1" });
  clock.advance(999);
  expect(await present(storage)).toEqual(["a"]);
  clock.advance(1);
  expect(await present(storage)).toEqual([]);
});

test("when all are being answered there are more for a while, and the bound is kept as soon as it can be", async () => {
  const storage = memory({ maxSessions: 2, clock: manualClock() });
  const { sessions } = storage;
  for (const id of ["a", "b", "c"]) await sessions.open(key(id), { append: [streaming("m1", id)], window: wide });
  expect(await present(storage)).toEqual(["a", "b", "c"]);
  for (const id of ["a", "b"]) await sessions.settle(key(id), answered("m1", id), { turn: id });
  expect(await present(storage)).toEqual(["a", "b", "c"]);
  await sessions.create(key("d"), {});
  expect(await present(storage)).toEqual(["c", "d"]);
});

test("clearing or superseding what was streaming lets the session go again", async () => {
  const storage = memory({ maxSessions: 2, clock: manualClock() });
  const { sessions } = storage;
  await sessions.open(key("a"), { append: [streaming("m1", "t1")], window: wide });
  await sessions.clear(key("a"));
  const opened = await sessions.open(key("b"), {
    append: [streaming("m1", "t1"), streaming("m2", "t2")],
    window: wide,
  });
  const { seq } = opened.appended[0] ?? { seq: 0 };
  await sessions.settle(key("b"), answered("m2", "t2"), { turn: "t2", supersede: { from: seq, to: seq } });
  await sessions.create(key("c"), {});
  await sessions.create(key("d"), {});
  expect(await present(storage)).toEqual(["c", "d"]);
});

test("an untouched session goes after its time, by the monotonic clock alone", async () => {
  const clock = manualClock();
  const storage = memory({ ttlMs: 1_000, clock });
  const { sessions } = storage;
  await sessions.open(key("a"), { append: [said("m1")], window: wide });
  clock.advance(600);
  await sessions.create(key("b"), {});
  clock.jump(86_400_000);
  expect(await present(storage)).toEqual(["a", "b"]);
  clock.jump(-172_800_000);
  clock.advance(399);
  expect(await present(storage)).toEqual(["a", "b"]);
  clock.advance(1);
  expect(await sessions.get(key("a"))).toBeUndefined();
  expect(await sessions.message(key("a"), "m1")).toBeUndefined();
  expect(await sessions.stats("ada")).toEqual({ sessions: 1, messages: 0, maxSessions: 1_000, ttlMs: 1_000 });
  await sessions.get(key("b"));
  clock.advance(999);
  expect(await present(storage)).toEqual(["b"]);
  clock.advance(1);
  expect(await sessions.stats()).toEqual({ sessions: 0, messages: 0, maxSessions: 1_000, ttlMs: 1_000 });
});

test("an expired session makes room for its owner", async () => {
  const clock = manualClock();
  const { sessions } = memory({ ttlMs: 1_000, maxSessionsPerOwner: 1, clock });
  await sessions.create(key("a"), {});
  await expect(sessions.create(key("b"), {})).rejects.toMatchObject({ code: "sessions_full" });
  clock.advance(1_000);
  await sessions.create(key("b"), {});
});

test("a deleted session leaves nothing to be evicted", async () => {
  const storage = memory({ maxSessions: 2, clock: manualClock() });
  const { sessions } = storage;
  for (let round = 0; round < 5; round += 1) {
    await sessions.create(key("a"), {});
    await sessions.delete(key("a"));
  }
  await sessions.create(key("b"), {});
  await sessions.create(key("c"), {});
  expect(await present(storage)).toEqual(["b", "c"]);
});

test.each([{ maxSessions: 0 }, { ttlMs: Number.NaN }, { maxMessagesPerSession: -1 }, { logMs: 0 }])(
  "a bound that bounds nothing is refused: %o",
  (options) => {
    expect(() => memory(options)).toThrow(RangeError);
  },
);
