import { ChatError, type Clock, memory, type SessionStore } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { keyv } from "@parlor/keyv";
import { Keyv } from "keyv";
import { describe, expect, it } from "vitest";
import { FaultyAdapter, type Fate } from "./support/faulty-adapter.ts";
import { answered, many, said, streaming, window } from "./support/samples.ts";

const owner = "ada";
const ids = ["s1", "s2", "s3"];
const key = (id: string) => ({ owner, id });
type Step = (sessions: SessionStore) => Promise<unknown>;

/** Pages are filled, replaced over several of them, emptied and dropped; sessions come and go. */
const steps: readonly Step[] = [
  (sessions) => sessions.create(key("s1"), { title: "First" }),
  (sessions) => sessions.open(key("s1"), { append: [said("u1"), streaming("a1")], window }),
  (sessions) => sessions.settle(key("s1"), answered("a1"), { turn: "a1" }),
  (sessions) => sessions.append(key("s1"), many(0, 40)),
  (sessions) => sessions.open(key("s2"), { append: many(0, 70), window }),
  (sessions) => sessions.open(key("s1"), { append: [said("u2"), streaming("a2")], window }),
  (sessions) => sessions.settle(key("s1"), answered("a2"), { turn: "a2", supersede: { from: 20, to: 43 } }),
  (sessions) => sessions.append(key("s2"), many(70, 40)),
  (sessions) => sessions.update(key("s1"), { favorite: true, title: "Renamed" }),
  (sessions) => sessions.clear(key("s2")),
  (sessions) => sessions.open(key("s3"), { append: many(0, 33), window }),
  (sessions) => sessions.append(key("s2"), many(100, 2)),
  (sessions) => sessions.delete(key("s3")),
  (sessions) => sessions.append(key("s1"), [said("m0"), said("last")]),
];

/** Everything there is to see, times left out: the two storages give them differently. */
async function view(sessions: SessionStore) {
  const one = async (id: string) => {
    const session = await sessions.get(key(id));
    if (!session) return undefined;
    const { createdAt: _created, updatedAt: _updated, ...rest } = session;
    return { ...rest, history: await sessions.messages(key(id), { limit: 1_000, superseded: true }) };
  };
  const list: string[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await sessions.list(owner, { limit: 1, ...(cursor !== undefined && { cursor }) });
    list.push(...page.items.map(({ id }) => id));
    ({ cursor } = page);
  }
  const all = await sessions.stats();
  const { sessions: count, messages } = await sessions.stats(owner);
  return {
    sessions: await Promise.all(ids.map(one)),
    list,
    stats: [count, messages, all.sessions, all.messages],
  };
}

/** How it looks after so many steps. */
async function views(): Promise<unknown[]> {
  const clock = manualClock();
  const { sessions } = memory({ clock, maxMessagesPerSession: 100 });
  const seen: unknown[] = [await view(sessions)];
  for (const step of steps) {
    clock.advance(1_000);
    await step(sessions);
    seen.push(await view(sessions));
  }
  return seen;
}

const open = (adapter: FaultyAdapter, clock: Clock) =>
  keyv(new Keyv({ store: adapter }), { clock, maxMessagesPerSession: 100 }).sessions;

/** A step that is done again: what it made is there already. */
async function again(step: Step, sessions: SessionStore): Promise<void> {
  await step(sessions).catch((error: unknown) => {
    if (!ChatError.isInstance(error) || error.code !== "session_exists") throw error;
  });
}

/** Runs all steps; the nth write fails, and then either the process or only this call is lost. True if there was an nth write. */
async function run(expected: readonly unknown[], nth: number, fate: Fate, ends: boolean): Promise<boolean> {
  const clock = manualClock();
  let adapter = new FaultyAdapter();
  let sessions = open(adapter, clock);
  let failed = false;
  adapter.fate = () => {
    if (adapter.writes === nth) failed = true;
    if (adapter.writes === nth) return fate;
    return failed && ends ? "lost" : "done";
  };
  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined || !failed) return expect(error, `write ${nth}`).toBeUndefined();
    expect(ChatError.isInstance(error) && error.code, `write ${nth}`).toBe("store_unavailable");
    adapter.fate = () => "done";
    if (!ends) return;
    adapter = new FaultyAdapter(adapter.records);
    sessions = open(adapter, clock);
  };

  for (const [at, step] of steps.entries()) {
    clock.advance(1_000);
    const before: boolean = failed;
    await failure(step(sessions));
    if (failed === before) continue;
    const found = await view(sessions);
    if (!isSame(found, expected[at]))
      expect(found, `step ${at}, write ${nth}: as before or after`).toEqual(expected[at + 1]);
    expect(await remains(adapter, clock), `step ${at}, write ${nth}: all of it can be deleted`).toEqual([]);
    await again(step, sessions);
  }
  expect(await view(sessions), `write ${nth}: nothing is lost in the end`).toEqual(expected.at(-1));
  await failure(sessions.deleteOwner(owner));
  expect(await remains(adapter, clock), `write ${nth}`).toEqual([]);
  return failed;
}

/** What is left of a copy of the records when the owner has been deleted. */
async function remains({ records }: FaultyAdapter, clock: Clock): Promise<string[]> {
  const copy = new FaultyAdapter(new Map(records));
  await open(copy, clock).deleteOwner(owner);
  return [...copy.records.keys()].filter((name) => name !== "keyv:parlor.check");
}

function isSame(found: unknown, expected: unknown): boolean {
  return JSON.stringify(found) === JSON.stringify(expected);
}

describe("whichever write fails, a step is done or not, and nothing stays behind", () => {
  // A write that is not done before the end of the process is the one before it done: no case of its own.
  const cases: readonly (readonly [name: string, fate: Fate, ends: boolean, stride: number])[] = [
    ["the process ends right after it", "unconfirmed", true, 1],
    ["it is not done", "lost", false, 3],
    ["it is done and reported as failed", "unconfirmed", false, 3],
  ];
  it.each(cases)("%s", async (_name, fate, ends, stride) => {
    const expected = await views();
    let nth = 1;
    while (await run(expected, nth, fate, ends)) nth += stride;
    expect(nth, "many points were tried").toBeGreaterThan(100);
  });
});
