import { ChatError, memory, type Storage } from "@parlor/core";
import { storageFaults, type FaultSubject } from "@parlor/testkit/storage";
import { expect, test } from "vitest";
import { replace } from "./broken/replace.ts";

const down = () => new ChatError("store_unavailable", "The store is down.");

/** What a call does while the store is down; the default is right. */
type Meanwhile = (work: () => unknown, name: string) => unknown;

/** Memory that can be switched off. */
function switched(change: (storage: Storage) => Storage, meanwhile: Meanwhile, back: () => boolean): FaultSubject {
  const inner = change(memory());
  let off = false;
  const part = <P extends object>(target: P): P =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]) => {
          const work = () => Reflect.apply(value, target, args) as unknown;
          return off ? meanwhile(work, String(name)) : work();
        };
      },
    });
  const { sessions, turns, limits, records, bus } = inner;
  return {
    storage: {
      sessions: part(sessions),
      turns: part(turns),
      limits: part(limits),
      records: part(records),
      bus: part(bus),
    },
    begin: () => (off = true),
    end: () => (off = back() ? false : off),
  };
}

const fails: Meanwhile = () => Promise.reject(down());

async function judge(subject: FaultSubject, report?: (line: string) => void): Promise<void> {
  const tests: (() => Promise<void>)[] = [];
  storageFaults({
    faults: { "switched off": async () => subject },
    runner: { it: (_, body) => tests.push(body) },
    failsWithinMs: 200,
    backWithinMs: 400,
    ...(report && { report }),
  });
  for (const body of tests) await body();
}

const right = (storage: Storage) => storage;
const yes = () => true;

test("a store that fails and comes back as it should passes, and what it took is told", async () => {
  const lines: string[] = [];
  await judge(switched(right, fails, yes), (line) => lines.push(line));
  expect(lines).toEqual([expect.stringMatching(/^switched off, 2 times: .* none lost or doubled$/)]);
});

test.each<[name: string, noticed: string, subject: () => FaultSubject]>([
  [
    "answers with an empty history",
    "no call works meanwhile",
    () => switched(right, (_, name) => (name === "messages" ? [] : Promise.reject(down())), yes),
  ],
  [
    "hangs",
    "a call works or says in time",
    () => switched(right, (_, name) => (name === "claim" ? new Promise(() => {}) : Promise.reject(down())), yes),
  ],
  [
    "throws what it was given",
    "a call works or says in time",
    () => switched(right, (_, name) => Promise.reject(name === "put" ? new Error("ECONNRESET") : down()), yes),
  ],
  ["does not come back", "all calls work after round 0", () => switched(right, fails, () => false)],
  [
    "says that it stored what it did not",
    "none that was acknowledged is lost",
    () =>
      switched(
        (storage) => ({
          ...storage,
          sessions: replace(storage.sessions, {
            open: (key, request) => {
              const drop = key.owner === "writers" && Math.random() < 0.3;
              return storage.sessions.open(key, drop ? { ...request, append: [] } : request);
            },
          }),
        }),
        fails,
        yes,
      ),
  ],
  [
    "stores twice",
    "none is there twice",
    () =>
      switched(
        (storage) => ({
          ...storage,
          sessions: replace(storage.sessions, {
            messages: async (...args) => {
              const messages = await storage.sessions.messages(...args);
              return messages && [...messages, ...messages];
            },
          }),
        }),
        fails,
        yes,
      ),
  ],
  [
    "hears no more",
    "the bus is heard",
    () => {
      let publishes = 0;
      return switched(
        (storage) => ({
          ...storage,
          bus: replace(storage.bus, {
            publish: async (topic, payload) => {
              publishes += 1;
              if (publishes > 1 && topic === "faults") return;
              return storage.bus.publish(topic, payload);
            },
          }),
        }),
        fails,
        yes,
      );
    },
  ],
])("a store that %s is refused", async (_name, noticed, subject) => {
  await expect(judge(subject())).rejects.toThrow(noticed);
});

test("a store whose reads go on while writes fail passes as such, and not as one that is down", async () => {
  const reading = new Set(["get", "messages", "list", "read"]);
  const subject = () => switched(right, (work, name) => (reading.has(name) ? work() : Promise.reject(down())), yes);
  await judge({ ...subject(), meanwhile: "read" });
  await judge({ ...subject(), meanwhile: "any" });
  await expect(judge(subject())).rejects.toThrow("no call works meanwhile");
  await expect(judge({ ...switched(right, fails, yes), meanwhile: "read" })).rejects.toThrow("reading goes on");
});
