import { createChatEngine } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { redis } from "@parlor/redis";
import { afterEach, describe, expect, it } from "vitest";
import { startProxy } from "./support/proxy.ts";
import { answered, closeAll, key, outcomeOf, said, streaming, textEvent, times, wide, won } from "./support/samples.ts";
import { canStartServers, servers } from "./support/server.ts";
import { until, within } from "./support/wait.ts";

describe.skipIf(!canStartServers)("a server that refuses", { timeout: 60_000 }, () => {
  const start = servers();
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => void (await Promise.all(ends.splice(0).map((end) => end()))));

  const connect = (url: string) => {
    const storage = redis({ url, timeoutMs: 1_000 });
    ends.push(() => closeAll(storage));
    return storage;
  };

  it("without memory: writes fail whole, reading and deleting go on, and all works once there is memory", async () => {
    const server = await start();
    const { sessions, turns, limits, records } = connect(server.url);
    await sessions.open(key(), { append: [said("m1"), streaming("a1", "t1")], window: wide });
    await sessions.create(key("another"), {});
    const claim = await won(turns, "t1");
    await turns.append([{ claim, events: [textEvent(1)] }]);
    const before = [
      await sessions.get(key()),
      await sessions.messages(key(), { limit: 10 }),
      await sessions.stats("ada"),
    ];

    await server.command("CONFIG", "SET", "maxmemory", "1");
    const refused: Promise<unknown>[] = [
      sessions.open(key(), { append: [said("m2")], window: wide }),
      sessions.create(key("new"), {}),
      sessions.settle(key(), answered("a1", "t1"), { turn: "t1" }),
      sessions.update(key(), { title: "New" }),
      sessions.clear(key()),
      Promise.resolve(turns.append([{ claim, events: [textEvent(2)] }])),
      turns.end(claim, { status: "complete" }),
      turns.claim(key("new"), { id: "t2", message: "m", model: "x", createdAt: "" }, { leaseMs: 1_000 }),
      limits.consume("key", 1, { limit: 10, windowMs: 1_000 }),
      records.put("kind", "id", "value"),
    ];
    expect(new Set(await Promise.all(refused.map(outcomeOf)))).toEqual(new Set(["store_unavailable"]));
    expect([
      await sessions.get(key()),
      await sessions.messages(key(), { limit: 10 }),
      await sessions.stats("ada"),
    ]).toEqual(before);
    expect((await turns.read(key(), "t1", 0, 10))?.events).toEqual([textEvent(1)]);
    expect(await turns.live(key("new"))).toBeUndefined();
    expect(await sessions.delete(key("another"))).toBe(true);

    await server.command("CONFIG", "SET", "maxmemory", "0");
    expect(await turns.append([{ claim, events: [textEvent(2)] }])).toEqual([{ last: 2 }]);
    expect(await sessions.settle(key(), answered("a1", "t1"), { turn: "t1" })).toBe(true);
    expect(await sessions.stats("ada")).toMatchObject({ sessions: 1, messages: 2 });
  });

  it("become a replica: writes fail, and go on with the primary that has its name then", async () => {
    const [old, next] = [await start(), await start()];
    const proxy = await startProxy(old.port);
    ends.push(() => proxy.close());
    const { sessions } = connect(proxy.url);
    const append = () => outcomeOf(sessions.append(key(), [said("m1")]));
    await sessions.create(key(), {});
    await next.command("REPLICAOF", "127.0.0.1", String(old.port));
    await until(
      async () => String(await next.command("INFO", "replication")),
      (info) => info.includes("master_link_status:up") && info.includes("master_sync_in_progress:0"),
    );
    await next.command("REPLICAOF", "NO", "ONE");
    await old.command("REPLICAOF", "127.0.0.1", String(next.port));
    expect(await within(2_500, append())).toBe("store_unavailable");
    expect(await sessions.get(key()), "reading goes on").toBeDefined();
    proxy.retarget(next.port);
    await within(
      3_000,
      until(append, (outcome) => outcome === "ok"),
    );
    expect((await sessions.get(key()))?.messageCount).toBe(1);
  });

  it("says what survives its own crash, as the server does now", async () => {
    const server = await start();
    const storage = connect(server.url);
    expect(storage.sessions.info.durability, "nobody was asked yet").toBe("server");
    const engine = createChatEngine({ backend: scriptedBackend([]), storage });
    expect((await engine.health()).stores.sessions).toEqual({ name: "redis", durability: "server", healthy: true });
    await server.kill();
    await server.start("--appendonly", "yes");
    await within(
      3_000,
      until(
        async () => (await engine.health()).stores,
        ({ sessions, turns }) => sessions?.durability === "process" && turns?.durability === "process",
      ),
    );
  });

  it("still loading: calls fail, and work once it is done", async () => {
    const options = ["--appendonly", "yes"];
    const server = await start(...options);
    const storage = connect(server.url);
    await storage.sessions.create(key(), {});
    for (const at of times(20, (index) => index))
      await storage.sessions.append(
        key(),
        times(100, (index) => said(`m${at}-${index}`)),
      );
    await server.kill();
    // So many microseconds per key.
    await server.start("--key-load-delay", "300");
    const outcome = await within(2_500, outcomeOf(storage.sessions.get(key())));
    expect(outcome).toBe("store_unavailable");
    await within(
      10_000,
      until(
        () => outcomeOf(storage.sessions.get(key())),
        (answer) => answer === "ok",
      ),
    );
    expect((await storage.sessions.get(key()))?.messageCount).toBe(2_000);
  });

  it("made to forget its scripts: they are told to it again", async () => {
    const server = await start();
    const { turns } = connect(server.url);
    const claim = await won(turns, "t1");
    for (const at of times(10, (index) => index)) {
      await server.command("SCRIPT", "FLUSH");
      const batches = [2 * at + 1, 2 * at + 2].map((offset) => ({ claim, events: [textEvent(offset)] }));
      expect(await turns.append(batches)).toEqual([{ last: 2 * at + 1 }, { last: 2 * at + 2 }]);
    }
  });

  it("that wants a password: calls fail, and no error shows what was tried", async () => {
    const server = await start("--requirepass", "right-password");
    const { sessions } = connect(server.url.replace("redis://", "redis://:wrong-password@"));
    const error: unknown = await within(
      2_500,
      sessions.get(key()).then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    expect(error).toMatchObject({ code: "store_unavailable", retryable: true });
    expect(error, "its cause says why").toMatchObject({ cause: { message: expect.stringContaining("WRONGPASS") } });
    for (let cause = error; cause instanceof Error; cause = cause.cause)
      expect(`${cause.message} ${cause.stack} ${JSON.stringify(cause)}`).not.toContain("password@");
    expect(
      await outcomeOf(connect(server.url.replace("redis://", "redis://:right-password@")).sessions.get(key())),
    ).toBe("ok");
  });
});

it("options that cannot be are refused by name, without showing a password", () => {
  const url = "redis://localhost";
  for (const [name, options] of [
    ["url", { url: "http://user:secret@localhost" }],
    ["url", { url: "secret" }],
    ["prefix", { url, prefix: "a{b}" }],
    ["ttlMs", { url, ttlMs: 0 }],
    ["timeoutMs", { url, timeoutMs: Number.NaN }],
  ] as const) {
    expect(() => redis(options)).toThrow(
      expect.objectContaining({ code: "invalid_request", errors: [expect.objectContaining({ path: name })] }),
    );
    expect(() => redis(options)).not.toThrow("secret");
  }
});
