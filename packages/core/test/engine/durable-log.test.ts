import { expect, test } from "vitest";
import { type Batch, memory, type TurnStore } from "../../src/index.ts";
import { manualClock, says } from "../../src/testing/index.ts";
import { ada, key, pass, readAll, settle, textOf, texts, world } from "./harness.ts";

/** Memory whose appends take a round trip that the test ends. */
function slowStorage() {
  const clock = manualClock();
  const storage = memory({ clock });
  const append = storage.turns.append.bind(storage.turns);
  const rounds: { batches: readonly Batch[]; done: (error?: Error) => void }[] = [];
  storage.turns.append = (batches: readonly Batch[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<TurnStore["append"]>>>();
    rounds.push({ batches, done: (error) => (error ? reject(error) : resolve(append(batches))) });
    return promise;
  };
  return { storage, clock, rounds, write: append };
}

const words = (text: string, gate: Promise<void>) => [
  { type: "text" as const, text: "first" },
  { wait: gate },
  ...says(text),
];

test("no reader sees an event before the log has it", async () => {
  const { storage, rounds } = slowStorage();
  const { engine } = world(says("one two"), { storage });
  const turn = await engine.start({ ...ada, message: "Hi" });
  const seen: string[] = [];
  turn.subscribe(0, { onBatch: (events) => void seen.push(textOf(events)) });
  await settle();
  expect(seen).toEqual([]);
  rounds[0]?.done();
  await settle();
  expect(seen).toEqual(["one"]);
  rounds[1]?.done();
  await turn.reply();
  expect(seen).toEqual(["one", " two", ""]);
});

test("one round at a time; what comes meanwhile, of all turns, travels in the next", async () => {
  const { storage, rounds } = slowStorage();
  const gate = Promise.withResolvers<void>();
  const { engine } = world(() => words(" a b c d", gate.promise), { storage });
  const turns = await Promise.all(
    ["s1", "s2", "s3"].map((session) => engine.start({ owner: "ada", session, message: "Hi" })),
  );
  await settle();
  expect(rounds.map(({ batches }) => batches.length)).toEqual([1]);
  gate.resolve();
  await settle();
  expect(rounds).toHaveLength(1);
  rounds[0]?.done();
  await settle();
  expect(rounds).toHaveLength(2);
  expect(rounds[1]?.batches.map(({ events }) => events.length).toSorted((a, b) => a - b)).toEqual([4, 5, 5]);
  rounds[1]?.done();
  for (const turn of turns) expect((await turn.reply()).text).toBe("first a b c d");
});

test("a failed round is sent again; after 10 s the turn is given up, and its readers are told that the store is down", async () => {
  const { storage, rounds, clock } = slowStorage();
  const { engine, backend } = world([{ type: "text", text: "a" }, { stall: true }], { storage, clock });
  const turn = await engine.start({ ...ada, message: "Hi" });
  const reading = readAll(turn);
  reading.catch(() => {});
  await settle();
  let answered = 0;
  for (let time = 0; time < 11_000; time += 250) {
    while (answered < rounds.length) rounds[answered++]?.done(new Error("down"));
    await pass(clock, 250);
  }
  await expect(reading).rejects.toMatchObject({ code: "store_unavailable", status: 503 });
  expect(rounds.length).toBeGreaterThan(20);
  expect(backend.calls[0]?.signal.aborted).toBe(true);
  await pass(clock, 10_000);
  // Back again: the lease has run out, and whoever comes next folds what there is.
  expect((await engine.sessions.history(key))?.messages[1]?.status).toBe("interrupted");
});

test("a round that was written although it failed, and is sent again, leaves each event once", async () => {
  const { storage, rounds, clock, write } = slowStorage();
  const { engine } = world(says("one two"), { storage, clock });
  const turn = await engine.start({ ...ada, message: "Hi" });
  await settle();
  void write(rounds[0]?.batches ?? []);
  rounds[0]?.done(new Error("connection lost"));
  await settle();
  await pass(clock, 250);
  expect(rounds[1]?.batches).toEqual(rounds[0]?.batches);
  rounds[1]?.done();
  await texts(turn, 1);
  rounds[2]?.done();
  await turn.reply();
  expect((await readAll(await engine.turn(key, turn.id))).map((event) => event.offset)).toEqual([1, 2, 3]);
});
