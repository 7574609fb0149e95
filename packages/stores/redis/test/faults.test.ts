import { setTimeout as pause } from "node:timers/promises";
import { redis } from "@parlor/redis";
import { afterEach, describe, expect, it } from "vitest";
import { startProxy } from "./support/proxy.ts";
import { closeAll, key, outcomeOf, said, textEvent, times, wide, won } from "./support/samples.ts";
import { canStartServers, servers } from "./support/server.ts";
import { until, within } from "./support/wait.ts";

const timeoutMs = 1_000;

describe.skipIf(!canStartServers)("a server that fails", { timeout: 60_000 }, () => {
  const start = servers();
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => void (await Promise.all(ends.splice(0).map((end) => end()))));

  const connect = (url: string, more: { timeoutMs?: number } = { timeoutMs }) => {
    const storage = redis({ url, ...more });
    ends.push(() => closeAll(storage));
    return storage;
  };
  type Storage = ReturnType<typeof connect>;

  const works = async ({ sessions }: Storage) => (await outcomeOf(sessions.get(key()))) === "ok";

  /** One call of every part. */
  const everyPart = ({ sessions, turns, limits, records, bus }: Storage, owner = "ada"): Promise<unknown>[] => [
    sessions.open(key("s", owner), { append: [said("m")], window: wide }),
    sessions.list("ada", { limit: 10 }),
    sessions.stats(),
    turns.claim(key("s", owner), { id: "t", message: "m", model: "x", createdAt: "" }, { leaseMs: 1_000 }),
    Promise.resolve(turns.append([{ claim: { key: key("s", owner), turn: "t", epoch: 1 }, events: [textEvent(1)] }])),
    turns.expired(10),
    limits.consume(`key of ${owner}`, 1, { limit: 10, windowMs: 1_000 }),
    records.get("kind", "id"),
    bus.publish("topic", ""),
    bus.subscribe("another topic", () => {}),
    sessions.ping(AbortSignal.timeout(10_000)),
  ];

  it("frozen: every call of every part fails in time, with the default of 2 s too", async () => {
    const server = await start();
    const [storage, standard] = [connect(server.url), connect(server.url, {})];
    await Promise.all([storage, standard].flatMap((each) => [works(each), each.bus.subscribe("topic", () => {})]));
    server.freeze();
    const first = await within(2_500, Promise.all([...everyPart(storage), ...everyPart(standard)].map(outcomeOf)));
    expect(new Set(first)).toEqual(new Set(["store_unavailable"]));
    // Known to be silent, it is not waited for again.
    const again = await within(timeoutMs / 2, Promise.all(everyPart(storage).map(outcomeOf)));
    expect(new Set(again)).toEqual(new Set(["store_unavailable"]));
    server.thaw();
    await within(
      3_000,
      until(() => works(storage), Boolean),
    );
    await within(
      3_000,
      until(() => works(standard), Boolean),
    );
  });

  it("frozen: what callers were told has failed is not done once it thaws", async () => {
    const server = await start();
    const storage = connect(server.url);
    // From here on the server knows the scripts, and could run them.
    await Promise.all(everyPart(storage, "eve"));
    server.freeze();
    await Promise.all(everyPart(storage).map(outcomeOf));
    server.thaw();
    await within(
      3_000,
      until(() => works(storage), Boolean),
    );
    expect(await storage.sessions.get(key("s"))).toBeUndefined();
    expect(await storage.turns.live(key("s"))).toBeUndefined();
    expect((await storage.limits.consume("key of ada", 1, { limit: 10, windowMs: 1_000 })).remaining).toBe(9);
  });

  it("frozen for so long that connections are given up: it comes back, and the bus listens again", async () => {
    const server = await start();
    const storage = connect(server.url);
    let heard = 0;
    await storage.bus.subscribe("topic", () => void heard++);
    await storage.sessions.create(key(), {});
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(String(await server.command("INFO", "stats")))?.[1]);
    const before = await connections();
    server.freeze();
    // After this silence the client gives its connections up, and waits on new ones that nobody answers.
    await pause(4_000);
    server.thaw();
    await within(
      3_000,
      until(() => works(storage), Boolean),
    );
    await within(
      3_000,
      until(
        () => storage.bus.publish("topic", ""),
        () => heard > 0,
      ),
    );
    expect(await connections(), "new ones were made").toBeGreaterThan(before + 1);
  });

  it("killed and started again, empty: what was there is absent, not an error, and a writer learns that its turn is gone", async () => {
    const server = await start();
    const storage = connect(server.url);
    const claim = await won(storage.turns, "t1");
    await storage.sessions.create(key(), {});
    await server.kill();
    expect(await within(2_500, outcomeOf(storage.sessions.get(key())))).toBe("store_unavailable");
    await server.start();
    await within(
      3_000,
      until(() => works(storage), Boolean),
    );
    expect(await storage.sessions.get(key())).toBeUndefined();
    expect(await storage.turns.append([{ claim, events: [textEvent(1)] }])).toEqual(["stale"]);
    const next = await won(storage.turns, "t1");
    expect(await storage.turns.append([{ claim, events: [textEvent(1)] }]), "its epoch is not given out again").toEqual(
      ["stale"],
    );
    expect(await storage.turns.append([{ claim: next, events: [textEvent(1)] }])).toEqual([{ last: 1 }]);
  });

  it("killed and started again, with an append-only file: everything goes on", async () => {
    const server = await start("--appendonly", "yes", "--appendfsync", "always");
    const storage = connect(server.url);
    const claim = await won(storage.turns, "t1");
    await storage.turns.append([{ claim, events: [textEvent(1)] }]);
    const { appended } = await storage.sessions.open(key(), { append: [said("m1")], window: wide });
    await server.kill();
    await server.start();
    await within(
      3_000,
      until(() => works(storage), Boolean),
    );
    expect(await storage.sessions.messages(key(), { limit: 10 })).toEqual(appended);
    expect(await storage.turns.append([{ claim, events: [textEvent(2)] }])).toEqual([{ last: 2 }]);
  });

  it("not there at the start: calls fail, and work once it is", async () => {
    const server = await start();
    await server.kill();
    const storage = connect(server.url);
    const outcomes = await within(2_500, Promise.all(everyPart(storage).map(outcomeOf)));
    expect(new Set(outcomes)).toEqual(new Set(["store_unavailable"]));
    await server.start();
    await within(
      3_000,
      until(() => works(storage), Boolean),
    );
  });

  it("connections cut: calls under way are sent again, and the bus listens again", async () => {
    const server = await start();
    const storage = connect(server.url);
    let heard = 0;
    await storage.bus.subscribe("topic", () => void heard++);
    for (let round = 0; round < 10; round++) {
      const calls = times(20, (at) => storage.sessions.append(key(`s${at}`), [said(`m${round}`)]));
      if (round === 0) await Promise.allSettled(calls);
      if (round === 0) await Promise.all(times(20, (at) => storage.sessions.create(key(`s${at}`), {})));
      await server.command("CLIENT", "KILL", "TYPE", "normal");
      await server.command("CLIENT", "KILL", "TYPE", "pubsub");
      if (round > 0) await Promise.all(calls);
    }
    for (const at of times(20, (index) => index))
      expect((await storage.sessions.get(key(`s${at}`)))?.messageCount).toBe(9);
    await within(
      3_000,
      until(
        () => storage.bus.publish("topic", ""),
        () => heard > 0,
      ),
    );
  });

  it("unplugged: calls fail in time though no connection ends, and it comes back", async () => {
    const server = await start();
    const proxy = await startProxy(server.port);
    ends.push(() => proxy.close());
    const storage = connect(proxy.url);
    await works(storage);
    proxy.swallow();
    expect(await within(2_500, outcomeOf(storage.sessions.get(key())))).toBe("store_unavailable");
    proxy.restore();
    await within(
      3_000,
      until(() => works(storage), Boolean),
    );
  });

  it("frozen while somebody unsubscribes: the server hears of it later", async () => {
    const server = await start();
    const { bus } = connect(server.url);
    const unsubscribe = await bus.subscribe("topic", () => {});
    server.freeze();
    expect(await outcomeOf(bus.subscribe("another", () => {}))).toBe("store_unavailable");
    unsubscribe();
    server.thaw();
    await within(
      3_000,
      until(
        async () => {
          await bus
            .subscribe("a third", () => {})
            .then(
              (end) => end(),
              () => {},
            );
          return await server.command("PUBSUB", "CHANNELS");
        },
        (channels) => Array.isArray(channels) && channels.length === 0,
      ),
    );
  });

  it("closed while the server is frozen: closing ends", async () => {
    const server = await start();
    const storage = connect(server.url);
    await works(storage);
    server.freeze();
    const call = outcomeOf(storage.sessions.get(key()));
    await within(2_500, closeAll(storage));
    expect(await within(2_500, call)).toBe("store_unavailable");
    expect(await outcomeOf(storage.sessions.get(key())), "and nothing is served after it").toBe("store_unavailable");
    server.thaw();
  });
});
