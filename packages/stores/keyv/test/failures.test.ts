import { EventEmitter, once } from "node:events";
import { ChatError } from "@parlor/core";
import { type AnyKeyv, keyv, type KeyvStorage } from "@parlor/keyv";
import { Keyv } from "keyv";
import { describe, expect, it } from "vitest";
import { FaultyAdapter } from "./support/faulty-adapter.ts";
import { said, streaming, window } from "./support/samples.ts";

const key = { owner: "ada", id: "s1" };
const signal = AbortSignal.timeout(60_000);

/** How a call fails; what it answers, if it does. */
async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: unknown) => (ChatError.isInstance(error) ? error.code : String(error)),
  );
}

/** How every call on a session that is there fails: in one way, or all of them. */
async function failures({ sessions }: KeyvStorage): Promise<string> {
  const failed = [
    await failure(sessions.get(key)),
    await failure(sessions.messages(key, { limit: 10 })),
    await failure(sessions.message(key, "m1")),
    await failure(sessions.list(key.owner, { limit: 10 })),
    await failure(sessions.stats(key.owner)),
    await failure(sessions.open(key, { append: [said("m2")], window })),
    await failure(sessions.append(key, [said("m2")])),
    await failure(sessions.settle(key, said("m1"), { turn: "t" })),
    await failure(sessions.create(key, {})),
    await failure(sessions.update(key, { title: "T" })),
    await failure(sessions.clear(key)),
    await failure(sessions.delete(key)),
    await failure(sessions.deleteOwner(key.owner)),
    await failure(sessions.ping(signal)),
  ];
  return [...new Set(failed)].join();
}

/** Breaks a storage by what `broken` puts on its adapter and repairs it: how it fails, and what it holds in the end. */
async function breaks(broken: object): Promise<string[]> {
  const adapter = new FaultyAdapter();
  const storage = keyv(new Keyv({ store: adapter }));
  const { sessions } = storage;
  await sessions.open(key, { append: [said("m1")], window });
  Object.assign(adapter, broken);
  const failed = await failures(storage);
  for (const name of Object.keys(broken)) Reflect.deleteProperty(adapter, name);
  await sessions.append(key, [said("m3")]);
  const { messageCount } = (await sessions.get(key)) ?? {};
  const messages = (await sessions.messages(key, { limit: 10 })) ?? [];
  return [failed, ...messages.map(({ id }) => id), `${messageCount} messages`];
}

/** Nothing was lost, and nothing half done was kept. */
const unharmed = ["store_unavailable", "m1", "m3", "2 messages"];

const refuses = () => Promise.reject(new Error("connection refused"));
const nothing = async () => undefined;

describe("an error is never an empty history", () => {
  it("where the adapter rejects", async () => {
    expect(await breaks({ get: refuses, set: refuses, delete: refuses })).toEqual(unharmed);
  });

  it("where the adapter rejects for many keys at once", async () => {
    const broken = { get: refuses, set: refuses, getMany: refuses, setMany: refuses, deleteMany: refuses };
    expect(await breaks(broken)).toEqual(unharmed);
  });

  it("where the adapter finds nothing, silently", async () => {
    expect(await breaks({ get: nothing, set: nothing, delete: nothing })).toEqual(unharmed);
  });

  it("where the adapter reports an event and answers as if all were well", async () => {
    const swallow = async function (this: EventEmitter) {
      this.emit("error", new Error("connection refused"));
    };
    expect(await breaks({ get: swallow, set: swallow, delete: swallow })).toEqual(unharmed);
  });

  it("where the adapter hangs", async () => {
    const hang = () => new Promise<never>(() => {});
    const adapter = new FaultyAdapter();
    Object.assign(adapter, { get: hang, set: hang, delete: hang });
    const storage = keyv(new Keyv({ store: adapter }), { timeoutMs: 20 });
    expect(await failures(storage)).toBe("store_unavailable");
  });

  it("where a record is not what was written", async () => {
    const adapter = new FaultyAdapter();
    const { sessions } = keyv(new Keyv({ store: adapter }));
    await sessions.open(key, { append: [said("m1", "a secret")], window });
    for (const [name, value] of adapter.records)
      if (name.includes(".p.")) adapter.records.set(name, value.replace("[", "{"));
    const error: unknown = await sessions.messages(key, { limit: 1 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "store_unavailable" });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("secret");
    for (const name of adapter.records.keys()) if (name.includes(".p.")) adapter.records.delete(name);
    expect(await failure(sessions.messages(key, { limit: 1 }))).toBe("store_unavailable");
  });
});

describe("a failed write is an error, not a success", () => {
  it.each([
    ["set says so", { set: async () => false }],
    ["setMany says so", { setMany: async (entries: readonly unknown[]) => entries.map(() => false) }],
    ["setMany rejects", { setMany: refuses }],
  ])("%s", async (_name, broken) => {
    const adapter = new FaultyAdapter();
    const { sessions } = keyv(new Keyv({ store: adapter }));
    await sessions.open(key, { append: [said("m1")], window });
    Object.assign(adapter, broken);
    expect(await failure(sessions.append(key, [said("m2")]))).toBe("store_unavailable");
    expect(await failure(sessions.ping(signal))).toBe("store_unavailable");
  });

  it("a write that comes late does not undo what came after it", async () => {
    const adapter = new FaultyAdapter();
    const { sessions } = keyv(new Keyv({ store: adapter }), { timeoutMs: 50 });
    await sessions.open(key, { append: [said("m1")], window });
    const gate = new EventEmitter();
    const set = adapter.set.bind(adapter);
    adapter.set = async (name, value) => {
      await once(gate, "open");
      return set(name, value);
    };
    expect(await failure(sessions.append(key, [said("late")]))).toBe("store_unavailable");
    adapter.set = set;
    // It waits for the late one, in vain.
    expect(await failure(sessions.append(key, [said("m2")]))).toBe("store_unavailable");
    gate.emit("open");
    await sessions.append(key, [said("m3"), streaming("a1")]);
    const ids = (await sessions.messages(key, { limit: 10 }))?.map(({ id }) => id);
    expect(ids?.filter((id) => id !== "late" && id !== "m2")).toEqual(["m1", "m3", "a1"]);
  });
});

describe("a write that was given up and comes after all", () => {
  it("does not replace a page of a later one", async () => {
    const adapter = new FaultyAdapter();
    const { sessions } = keyv(new Keyv({ store: adapter }));
    await sessions.open(key, { append: [said("m1")], window });
    let late = () => {};
    const set = adapter.set.bind(adapter);
    adapter.set = async (name, value) => {
      if (name.includes(".p.")) late = () => void adapter.records.set(name, value);
      throw new Error("no answer");
    };
    expect(await failure(sessions.append(key, [said("given up")]))).toBe("store_unavailable");
    adapter.set = set;
    await sessions.append(key, [said("m2")]);
    late();
    expect((await sessions.messages(key, { limit: 10 }))?.map(({ id }) => id)).toEqual(["m1", "m2"]);
    await sessions.append(key, [said("m3")]);
    await sessions.append(key, [said("m4")]);
    expect([...adapter.records.values()].join(), "and goes with the next writes").not.toContain("given up");
  });
});

describe("what cannot work is refused", () => {
  it("something that is no Keyv 5", () => {
    const others = [{}, new Map(), { get: refuses, set: refuses }];
    for (const other of others) expect(() => keyv(other as unknown as AnyKeyv)).toThrow(TypeError);
  });

  it("bounds below 1", () => {
    for (const bound of ["timeoutMs", "ttlMs", "maxSessionsPerOwner", "maxMessagesPerSession"])
      for (const value of [0, -1, NaN]) expect(() => keyv(new Keyv(), { [bound]: value })).toThrow(RangeError);
  });

  it("a store that does not tell upper from lower case", async () => {
    const adapter = new FaultyAdapter();
    const get = adapter.get.bind(adapter);
    const set = adapter.set.bind(adapter);
    Object.assign(adapter, {
      get: (name: string) => get(name.toLowerCase()),
      set: (name: string, value: string) => set(name.toLowerCase(), value),
    });
    expect(await failure(keyv(new Keyv({ store: adapter })).sessions.create(key, {}))).toBe("store_unavailable");
  });

  it("a serializer that loses characters", async () => {
    const lossy = { serialize: (data: object) => JSON.stringify(data).replaceAll(/[^\x20-\x7e]/g, "?") };
    const store = new Keyv({ store: new FaultyAdapter(), ...lossy });
    expect(await failure(keyv(store).sessions.create(key, {}))).toBe("store_unavailable");
  });
});

describe("the given Keyv", () => {
  it("is not changed, and its namespace, prefix and serializer are used", async () => {
    const records = new Map<string, unknown>();
    const compress = {
      serialize: (data: object) => `z${JSON.stringify(data)}`,
      deserialize: (text: string) => JSON.parse(text.slice(1)),
    };
    const given = new Keyv({ store: records, namespace: "parlor", ...compress });
    const { sessions } = keyv(given);
    await sessions.open(key, { append: [said("m1")], window });
    expect(given.throwOnErrors).toBe(false);
    expect([...records.keys()].every((name) => name.startsWith("parlor:parlor."))).toBe(true);
    expect([...records.values()].every((value) => String(value).startsWith("z{"))).toBe(true);
    await sessions.close();
    expect(await failure(sessions.get(key))).toBe("store_unavailable");
    expect(await given.get("parlor.check"), "it is left open").toBeTypeOf("string");
  });

  it("may be emptied while it is used", async () => {
    const given = new Keyv();
    const { sessions } = keyv(given);
    await sessions.open(key, { append: [said("m1")], window });
    await given.clear();
    expect(await sessions.get(key)).toBeUndefined();
    expect((await sessions.open(key, { append: [said("m1")], window })).created).toBe(true);
  });
});
