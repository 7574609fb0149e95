import { createChatEngine, memory, type SessionStore } from "@parlor/core";
import { manualClock, says, scriptedBackend } from "@parlor/core/testing";
import { keyv } from "@parlor/keyv";
import { Keyv } from "keyv";
import { expect, it } from "vitest";
import { FaultyAdapter } from "./support/faulty-adapter.ts";
import { many, said, window } from "./support/samples.ts";

const owner = "ada";
/** As many turns as fill a page, so that every figure holds one new page. */
const turns = 16;

interface Cost {
  readonly reads: number;
  readonly writes: number;
  readonly read: number;
  readonly written: number;
}

function store() {
  const adapter = new FaultyAdapter();
  const clock = manualClock();
  const { sessions } = keyv(new Keyv({ store: adapter }), { clock });
  const cost = async (work: () => Promise<unknown>): Promise<Cost> => {
    Object.assign(adapter, { reads: 0, writes: 0, read: 0, written: 0 });
    await work();
    const { reads, writes, read, written } = adapter;
    return { reads, writes, read, written };
  };
  return { adapter, clock, sessions, cost };
}

/** Turns of a real engine on one session. */
async function converse(sessions: SessionStore, session: string, count: number = turns): Promise<void> {
  const engine = createChatEngine({
    backend: scriptedBackend(() => says("An answer of some words.")),
    storage: { ...memory(), sessions },
  });
  for (let turn = 0; turn < count; turn++) await engine.send({ owner, session, message: "A question of some words." });
}

async function turnsAfter(messages: number): Promise<Cost> {
  const { sessions, cost } = store();
  await sessions.create({ owner, id: "s" }, {});
  for (let at = 0; at < messages; at += 1_000)
    await sessions.append({ owner, id: "s" }, many(at, Math.min(1_000, messages - at)));
  await converse(sessions, "s");
  return cost(() => converse(sessions, "s"));
}

it("a turn takes as many steps after 20,000 messages as after 200, and touches little of them", async () => {
  const [few, lots] = [await turnsAfter(200), await turnsAfter(20_000)];
  expect([lots.reads, lots.writes]).toEqual([few.reads, few.writes]);
  expect(lots.writes / turns, "no more than some records a turn").toBeLessThan(15);
  const history = 20_000 * JSON.stringify({ ...said("m10000"), seq: 10_000 }).length;
  expect(lots.written / turns, "of what rewriting the history takes").toBeLessThan(history / 50);
  expect(lots.read / turns).toBeLessThan(history / 20);
  // About 14 characters a page of 32 messages, in each of the two heads that a turn writes.
  expect((lots.written - few.written) / turns, "what the list of pages adds").toBeLessThan((20_000 / 32) * 14 * 2.5);
});

it("a page of the list and a turn take as many steps with 1,500 sessions as with 150", async () => {
  const of = async (count: number) => {
    const { sessions, clock, cost } = store();
    for (let at = 0; at < count; at++) {
      clock.advance(1);
      await sessions.create({ owner, id: `s${at}` }, { title: `Session ${at}` });
    }
    const first = await cost(() => sessions.list(owner, { limit: 20 }));
    const middle = (await sessions.list(owner, { limit: 1, offset: count / 2 })).cursor ?? "";
    const later = await cost(() => sessions.list(owner, { limit: 20, cursor: middle }));
    await converse(sessions, `s${count / 2}`);
    return { first, later, turn: await cost(() => converse(sessions, `s${count / 2}`)) };
  };
  const [few, lots] = [await of(150), await of(1_500)];
  expect(lots.first.reads).toBe(few.first.reads);
  expect(lots.later.reads, "one page of the index more or less").toBeLessThanOrEqual(few.later.reads + 21);
  expect([lots.turn.reads, lots.turn.writes]).toEqual([few.turn.reads, few.turn.writes]);
  expect(lots.turn.written).toBeLessThan(2 * few.turn.written);
});

it("an index holds each session once, however often it changes", async () => {
  const { adapter, sessions } = store();
  for (let round = 0; round < 200; round++)
    await sessions.open({ owner, id: `s${round % 20}` }, { append: [said(`m${round}`)], window });
  const entries = [...adapter.records].filter(([name]) => /\.[ox]\./.test(name));
  const ids = entries.flatMap(([, text]) => [...text.matchAll(/s\d+/g)].map(([id]) => id));
  expect(ids.length, "and the last one twice: its change was announced").toBe(21);
});
