import { expect, test } from "vitest";
import { says } from "../../src/testing/index.ts";
import { ada, key, pass, readAll, settle, texts, world } from "./harness.ts";

const text = "one two three four";

test("from every offset, every later event once and in order: live, ended, and on another node", async () => {
  const gate = Promise.withResolvers<void>();
  const one = world([...says(text).slice(0, 2), { wait: gate.promise }, ...says(text).slice(2)]);
  const two = one.node();
  const turn = await one.engine.start({ ...ada, message: "Hi" });
  await texts(turn, 2);
  const live = [0, 1, 2, 3].map(async (after) => readAll(await one.engine.turn(key, turn.id), after));
  const elsewhere = [0, 1, 2, 3].map(async (after) => readAll(await two.engine.turn(key, turn.id), after));
  await settle();
  gate.resolve();
  await turn.reply();
  await pass(one.clock, 1_500);
  const all = await readAll(turn);
  expect(all).toHaveLength(5);
  for (const [index, read] of (await Promise.all([...live, ...elsewhere])).entries())
    expect(read).toEqual(all.slice(index % 4));
  for (let after = 0; after < 5; after += 1)
    expect(await readAll(await two.engine.turn(key, turn.id), after)).toEqual(all.slice(after));
});

test("a reader on another node is woken by the bus, without waiting for its poll", async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const one = world([
    { type: "text", text: "a" },
    { wait: gates[0].promise },
    { type: "text", text: "b" },
    { wait: gates[1].promise },
    ...says("c"),
  ]);
  const two = one.node();
  const turn = await one.engine.start({ ...ada, message: "Hi" });
  const reading = readAll(await two.engine.turn(key, turn.id));
  const seen = texts(await two.engine.turn(key, turn.id), 2);
  // Its attention is learned with the next renewal; from then on nothing needs time to pass.
  await pass(one.clock, 3_250);
  gates[0].resolve();
  await seen;
  gates[1].resolve();
  expect((await reading).at(-1)).toMatchObject({ type: "end", status: "complete" });
});

test("a reader that leaves by returning false gets nothing more and can come back", async () => {
  const { engine } = world(says(text));
  const turn = await engine.start({ ...ada, message: "Hi" });
  const offsets: number[] = [];
  turn.subscribe(0, {
    onBatch: (events) => {
      offsets.push(...events.map((event) => event.offset));
      return false;
    },
  });
  await turn.reply();
  expect(offsets).toEqual([1]);
  expect((await readAll(turn, 1)).map((event) => event.offset)).toEqual([2, 3, 4, 5]);
});

test("a reader that throws harms neither the turn nor the others", async () => {
  const { engine } = world(says(text));
  const turn = await engine.start({ ...ada, message: "Hi" });
  const good = readAll(turn);
  turn.subscribe(0, {
    onBatch: () => {
      throw new Error("mine");
    },
  });
  expect(await good).toHaveLength(5);
});

test("a large replay comes in pages, so that a slow reader can pause between them", async () => {
  const { engine } = world([
    ...Array.from({ length: 50 }, () => ({ type: "text" as const, text: "x".repeat(5_000) })),
    ...says("end"),
  ]);
  const turn = await engine.start({ ...ada, message: "Hi" });
  await turn.reply();
  const sizes: number[] = [];
  turn.subscribe(0, { onBatch: (events) => void sizes.push(events.length) });
  expect(sizes.length).toBeGreaterThan(5);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(52);
});

test("a log that is no longer kept says so; the whole answer still comes, from the message", async () => {
  const one = world(says(text));
  const turn = await one.engine.start({ ...ada, message: "Hi", idempotencyKey: "k" });
  await turn.reply();
  await pass(one.clock, 300_250, 100_000);
  const repeated = await one.engine.start({ ...ada, message: "Hi", idempotencyKey: "k" });
  expect(repeated.id).toBe(turn.id);
  expect((await repeated.reply()).text).toBe(text);
  await expect(readAll(repeated, 2)).rejects.toMatchObject({ code: "cursor_expired", status: 410 });
});

test("a turn nobody listens to goes on for detachedMs, then stops and keeps what there is", async () => {
  const { engine, clock } = world([{ type: "text", text: "alone" }, { stall: true }], {
    deadlines: { idleMs: 1e9, firstTokenMs: 1e9, totalMs: 1e9 },
  });
  const turn = await engine.start({ ...ada, message: "Hi" });
  const leave = turn.subscribe(0, { onBatch: () => {} });
  await pass(clock, 200_000, 10_000);
  leave();
  await pass(clock, 119_000, 1_000);
  expect((await engine.sessions.history(key))?.messages[1]?.status).toBe("streaming");
  await pass(clock, 1_500);
  expect((await engine.sessions.history(key))?.messages[1]).toMatchObject({
    status: "interrupted",
    parts: [{ text: "alone" }],
  });
});

test("a waiting send counts as listening", async () => {
  const { engine, clock, backend } = world([{ stall: true }], {
    detachedMs: 1_000,
    deadlines: { firstTokenMs: 5_000 },
  });
  const sent = engine.send({ ...ada, message: "Hi" }).catch((error: unknown) => error);
  await backend.called();
  await pass(clock, 6_000);
  expect(await sent).toMatchObject({ code: "backend_timeout" });
});

test("live finds the running turn of a session, and nothing else", async () => {
  const { engine } = world([{ stall: true }]);
  expect(await engine.live(key)).toBeUndefined();
  const turn = await engine.start({ ...ada, message: "Hi" });
  expect((await engine.live(key))?.id).toBe(turn.id);
  expect(await engine.live({ owner: "bob", id: "s1" })).toBeUndefined();
  await turn.stop();
  expect(await engine.live(key)).toBeUndefined();
});
