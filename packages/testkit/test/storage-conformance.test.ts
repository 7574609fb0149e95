import { memory, type Storage } from "@parlor/core";
import { type ManualClock, manualClock } from "@parlor/core/testing";
import { type ConformanceOptions, storageConformance, type Subject } from "@parlor/testkit/storage";
import { describe, expect, test } from "vitest";
import { brokenAtOnce } from "./broken/at-once.ts";
import { brokenOthers, brokenTurns } from "./broken/others.ts";
import { type Defect, replace } from "./broken/replace.ts";
import { brokenSessions } from "./broken/sessions.ts";

/** Runs the suite without a test runner; its random sequences are the same each time, unless something else is asked for. */
async function judge(options: Omit<ConformanceOptions, "runner">, only?: string) {
  const cases: { name: string; body: () => Promise<void> }[] = [];
  const leftOut: string[] = [];
  storageConformance({
    random: { seed: 1 },
    ...options,
    runner: {
      describe: (_name, body) => body(),
      it: (name, body) => (only === undefined || name === only) && cases.push({ name, body }),
      skip: (name) => leftOut.push(name),
    },
  });
  const failures = new Map<string, string>();
  for (const { name, body } of cases) await body().catch((error: unknown) => failures.set(name, String(error)));
  return { ran: cases.map(({ name }) => name), failed: [...failures.keys()], failures, leftOut };
}

const subjects =
  (breaks: Defect["breaks"]): ConformanceOptions["create"] =>
  async (options) => {
    const clock = manualClock();
    const storage: Storage = memory({ ...options, clock });
    return { storage: { ...storage, ...breaks(storage) }, advance: (ms) => clock.advance(ms) };
  };

test.each([...brokenSessions, ...brokenTurns, ...brokenOthers])(
  "a storage in which $name is refused",
  async ({ breaks, noticedBy }) => {
    const { ran, failed } = await judge({ create: subjects(breaks) });
    expect(failed).toContain(noticedBy);
    expect(failed.length, "what works still passes").toBeLessThan(ran.length / 3);
  },
);

test.each(brokenAtOnce)("a storage in which $name is refused", async ({ breaks, noticedBy }) => {
  const { failures } = await judge({ create: subjects(breaks), random: { seed: 1, runs: 5_000 } }, noticedBy);
  expect(failures.get(noticedBy)).toContain("No order of the calls gives these answers");
});

test("a storage without faults passes, and nothing is left out", async () => {
  const { ran, failed, leftOut } = await judge({ create: subjects(() => ({})) });
  expect(failed).toEqual([]);
  expect(leftOut).toEqual([]);
  expect(new Set(ran).size).toBeGreaterThan(140);
});

test("what a storage lacks and says so is left out, by name and with the reason", async () => {
  const create: ConformanceOptions["create"] = async ({ logMs, idempotencyMs }) => ({
    storage: { sessions: memory({ logMs, idempotencyMs }).sessions },
  });
  const { ran, failed, leftOut } = await judge({ create, parts: ["sessions"], lacks: ["time", "bounds"] });
  expect(failed).toEqual([]);
  expect(ran).toContain("a message settles once");
  expect(ran).not.toContain("a turn ends once");
  expect(leftOut).toContain("a turn ends once (left out: this storage has no turns)");
  expect(leftOut).toContain("of a full session the oldest messages go (left out: this storage has no bounds)");
  expect(leftOut).toContain("what touches a session moves it to the front (left out: this storage has no time)");
});

test("what a storage lacks without saying so fails", async () => {
  const create: ConformanceOptions["create"] = async ({ logMs, idempotencyMs }) => {
    const { bus: _bus, ...storage } = memory({ logMs, idempotencyMs });
    return { storage };
  };
  const { failed } = await judge({ create });
  expect(failed).toContain("a listener that throws stops no other");
  expect(failed).toContain("a turn whose lease ran out is to be folded first");
  expect(failed).toContain("of a full session the oldest messages go");
  expect(failed).not.toContain("a turn ends once");
});

test("the storage is closed after each case, also after one that fails", async () => {
  let open = 0;
  const { failed } = await judge({
    create: async () => {
      open += 1;
      return { storage: memory(), close: async () => void (open -= 1) };
    },
  });
  expect(failed.length).toBeGreaterThan(0);
  expect(open).toBe(0);
});

describe("random sequences", () => {
  const atRandom = ["whatever is done, sessions answer as in memory", "so they do with a bound of their messages"];
  const judgeSessions = (
    changes: (made: { storage: Storage; clock: ManualClock }) => Partial<Subject>,
    seed?: number,
  ) =>
    judge({
      create: async (options) => {
        const clock = manualClock();
        const storage: Storage = memory({ ...options, clock });
        return { storage, advance: (ms) => clock.advance(ms), ...changes({ storage, clock }) };
      },
      parts: ["sessions"],
      random: seed === undefined ? {} : { seed, runs: 1 },
    });

  test("what fails names the seed that makes it again, and the steps that do", async () => {
    const unfair = ({ storage }: { storage: Storage }) => ({
      storage: { sessions: replace(storage.sessions, { clear: async () => 0 }) },
    });
    const { failures } = await judgeSessions(unfair);
    const [, seed] = /PARLOR_TEST_SEED=(\d+)/.exec(failures.get(atRandom[0] ?? "") ?? "") ?? [];
    expect(seed).toBeDefined();
    const again = (await judgeSessions(unfair, Number(seed))).failures.get(atRandom[0] ?? "");
    expect(again).toContain(`PARLOR_TEST_SEED=${seed}`);
    expect(again).toContain("do: 'clear'");
    expect(again?.match(/do: /g)?.length, "without steps that do nothing for it").toBeLessThan(8);
  });

  test("a storage that forgets when it is started anew fails", async () => {
    const { failed } = await judgeSessions(({ clock }) => ({ alone: true, restart: async () => memory({ clock }) }));
    expect(failed).toEqual(expect.arrayContaining(atRandom));
  });

  test("so does one that keeps something of an owner who was erased", async () => {
    const { failed, failures } = await judgeSessions(() => ({ left: async (owner) => [`a row of ${owner}`] }));
    expect(failed).toEqual(expect.arrayContaining(atRandom));
    expect(failures.get(atRandom[0] ?? "")).toContain("a row of ada");
  });

  test("so does one that counts too much of all owners, if it is alone", async () => {
    const counting = (alone: boolean) =>
      judgeSessions(({ storage }) => ({
        alone,
        storage: {
          sessions: replace(storage.sessions, {
            stats: async (owner) => {
              const stats = await storage.sessions.stats(owner);
              return owner === undefined ? { ...stats, messages: stats.messages + 1 } : stats;
            },
          }),
        },
      }));
    expect((await counting(true)).failed).toEqual(expect.arrayContaining(atRandom));
    const { failed } = await counting(false);
    for (const name of atRandom) expect(failed).not.toContain(name);
  });
});
