import { memory, type Storage } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { type ConformanceOptions, storageConformance } from "@parlor/testkit/storage";
import { expect, test } from "vitest";
import { brokenOthers, brokenTurns } from "./broken/others.ts";
import type { Defect } from "./broken/replace.ts";
import { brokenSessions } from "./broken/sessions.ts";

/** Runs the suite without a test runner. */
async function judge(options: Omit<ConformanceOptions, "runner">) {
  const cases: { name: string; body: () => Promise<void> }[] = [];
  const leftOut: string[] = [];
  storageConformance({
    ...options,
    runner: {
      describe: (_name, body) => body(),
      it: (name, body) => cases.push({ name, body }),
      skip: (name) => leftOut.push(name),
    },
  });
  const failed: string[] = [];
  for (const { name, body } of cases) await body().catch(() => failed.push(name));
  return { ran: cases.map(({ name }) => name), failed, leftOut };
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
