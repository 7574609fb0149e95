import type { Storage } from "@parlor/core";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { postgres, type PostgresOptions } from "../src/index.ts";
import { type Cluster, startCluster } from "./support/cluster.ts";
import { eventually, key, newTurn, outcomeOf, said, textEvent, until, wide, won } from "./support/samples.ts";

const cluster = await startCluster();

describe.skipIf(!cluster)("a server that fails", () => {
  const { url, ...server } = cluster as Cluster;
  const open: Storage[] = [];
  const store = (options: PostgresOptions = {}): Storage => {
    const storage = postgres({ url, ...options });
    open.push(storage);
    return storage;
  };

  beforeAll(async () => {
    await store().sessions.create(key("there"), {});
  });
  afterEach(async () => {
    server.thaw();
    await Promise.all(open.splice(0).map((storage) => storage.bus.close()));
  });
  afterAll(() => server.destroy());

  /** One call of each kind. */
  const calls = ({ sessions, turns, limits, records, bus }: Storage): Record<string, () => Promise<unknown>> => ({
    open: () => sessions.open(key(), { append: [said("m1")], window: wide }),
    get: () => sessions.get(key("there")),
    list: () => sessions.list("ada", { limit: 10 }),
    deleteOwner: () => sessions.deleteOwner("nobody"),
    claim: () => turns.claim(key("c"), newTurn("t1"), { leaseMs: 1_000 }),
    append: async () => turns.append([{ claim: { key: key("none"), turn: "none", epoch: 1 }, events: [textEvent(1)] }]),
    read: () => turns.read(key("none"), "none", 0, 10),
    consume: () => limits.consume("key", 1, { limit: 1_000, windowMs: 1_000 }),
    acquire: () => limits.acquire("key", "holder", 1_000, 1_000),
    put: () => records.put("kind", "id", "value"),
    ping: () => sessions.ping(AbortSignal.timeout(60_000)),
    "ping the bus": () => bus.ping(AbortSignal.timeout(60_000)),
    publish: () => bus.publish("topic", "payload"),
  });

  /** All at once, which is more than there are connections. */
  async function allFail(storage: Storage): Promise<void> {
    const named = Object.entries(calls(storage));
    const outcomes = await Promise.all(named.map(async ([name, call]) => [name, await outcomeOf(call())]));
    expect(outcomes).toEqual(named.map(([name]) => [name, "store_unavailable"]));
  }

  async function allWork(storage: Storage): Promise<void> {
    const named = Object.entries(calls(storage));
    const outcomes = await Promise.all(named.map(async ([name, call]) => [name, await outcomeOf(call())]));
    expect(outcomes).toEqual(named.map(([name]) => [name, "done"]));
  }

  test.each(["fast", "immediate"] as const)("a restart (%s) with calls in flight", async (mode) => {
    const storage = store();
    const { sessions } = storage;
    let stopped = false;
    let stored = 0;
    const acknowledged = new Set<string>();
    const writing = Array.from({ length: 8 }, async (_, writer) => {
      for (let at = 0; !stopped; at += 1) {
        const id = `${mode}-${writer}-${at}`;
        try {
          await sessions.append(key("there"), [said(id)]);
          stored += 1;
          acknowledged.add(id);
        } catch (error) {
          expect(error).toHaveProperty("code", "store_unavailable");
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    });
    expect(await until(() => stored > 50), "writers write").toBe(true);
    await server.stop(mode);
    await allFail(storage);
    await server.start();
    const before = stored;
    expect(await until(() => stored > before + 50, 3_000), "writers write again").toBe(true);
    stopped = true;
    await Promise.all(writing);
    const ids = (await sessions.messages(key("there"), { limit: 1_000_000 }))?.map((message) => message.id) ?? [];
    expect(new Set(ids).size, "none is there twice").toBe(ids.length);
    expect([...acknowledged].filter((id) => !ids.includes(id)).length, "none that was acknowledged is lost").toBe(0);
    expect((await sessions.get(key("there")))?.messageCount).toBe(ids.length);
  });

  test("a frozen server: every call says so in time, and all works again when it goes on", async () => {
    const storage = store();
    await storage.sessions.get(key("there"));
    const heard: string[] = [];
    await storage.bus.subscribe("topic", (payload) => heard.push(payload));
    server.freeze();
    await allFail(storage);
    await allFail(storage);
    const fresh = store();
    expect(await outcomeOf(fresh.sessions.get(key("there")))).toBe("store_unavailable");
    expect(await outcomeOf(fresh.bus.subscribe("topic", () => {}))).toBe("store_unavailable");
    server.thaw();
    expect(await eventually(() => storage.sessions.get(key("there")))).toBeDefined();
    await allWork(storage);
    expect(await eventually(() => fresh.sessions.get(key("there")))).toBeDefined();
    const hears = until(async () => {
      await storage.bus.publish("topic", "after");
      return heard.includes("after");
    });
    expect(await hears, "the bus is heard again").toBe(true);
  });

  test("closing while the server is frozen ends", async () => {
    const storage = store({ timeoutMs: 200 });
    await storage.sessions.get(key("there"));
    await storage.bus.subscribe("topic", () => {});
    server.freeze();
    expect(await outcomeOf(storage.bus.close())).toBe("done");
    expect(await outcomeOf(storage.sessions.get(key("there")))).toBe("store_unavailable");
  });

  test("nobody there", async () => {
    const storage = store({ url: "postgres://postgres@127.0.0.1:1/none" });
    await allFail(storage);
    expect(await outcomeOf(storage.bus.subscribe("topic", () => {}))).toBe("store_unavailable");
  });

  test("connections that the pool holds idle are cut", async () => {
    const storage = store();
    await allWork(storage);
    const cut = await server.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'parlor'",
    );
    expect(cut.length).toBeGreaterThan(1);
    expect(await eventually(() => storage.sessions.get(key("there")))).toBeDefined();
    await allWork(storage);
  });

  test("a step that is cut inside is done once, on another connection", async () => {
    const { sessions } = store();
    await sessions.append(key("there"), []);
    const locker = new Pool({ connectionString: url });
    const client = await locker.connect();
    await client.query("begin");
    await client.query("select 1 from parlor.sessions where id = 'there' for update");
    const appending = sessions.append(key("there"), [said("cut")]);
    const waiting = "from pg_stat_activity where application_name = 'parlor' and wait_event_type = 'Lock'";
    const waits = async (pid: number) => {
      const rows = await server.query<{ pid: number }>(`select pid ${waiting}`);
      waiter = rows[0]?.pid ?? 0;
      return waiter !== pid && waiter !== 0;
    };
    let waiter = 0;
    expect(await until(() => waits(0)), "it waits for the lock").toBe(true);
    const first = waiter;
    await server.query("select pg_terminate_backend($1)", [first]);
    expect(await until(() => waits(first)), "it was sent again").toBe(true);
    await client.query("commit");
    await appending;
    client.release();
    await locker.end();
    const messages = await sessions.messages(key("there"), { limit: 1_000_000 });
    expect(messages?.filter((message) => message.id === "cut")).toHaveLength(1);
  });

  test("a listener whose connection is killed hears again", async () => {
    const [one, other] = [store(), store()];
    const heard: string[] = [];
    await one.bus.subscribe("topic", (payload) => heard.push(payload));
    await other.bus.publish("topic", "before");
    expect(await until(() => heard.includes("before"))).toBe(true);
    const killed = await server.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'parlor bus'",
    );
    expect(killed).toHaveLength(1);
    const hears = until(async () => {
      await other.bus.publish("topic", "after");
      return heard.includes("after");
    }, 3_000);
    expect(await hears, "it hears again").toBe(true);
  });

  test("a pool that is used up", async () => {
    const { sessions, turns } = store({ maxConnections: 1, timeoutMs: 500 });
    await won(turns, "t1", key("full"));
    const locker = new Pool({ connectionString: url });
    const client = await locker.connect();
    await client.query("begin");
    await client.query("select 1 from parlor.turns where session = 'full' for update");
    const blocked = outcomeOf(turns.stop(key("full")), 1_500);
    const queued = [1, 2, 3].map(() => outcomeOf(sessions.get(key("there")), 1_500));
    expect(new Set(await Promise.all([blocked, ...queued]))).toEqual(new Set(["store_unavailable"]));
    await client.query("rollback");
    client.release();
    await locker.end();
    expect(await eventually(() => sessions.get(key("there")))).toBeDefined();
    expect((await turns.stop(key("full")))?.id).toBe("t1");
  });

  test("a given pool: its connections are guarded too, and it stays open", async () => {
    const pool = new Pool({ connectionString: url, max: 3 });
    const storage = store({ pool, timeoutMs: 500 });
    await Promise.all([1, 2, 3].map(() => storage.sessions.get(key("there"))));
    await storage.bus.subscribe("topic", () => {});
    // Checked out, as the host application may have one.
    const client = await pool.connect();
    await server.stop("immediate");
    await server.start();
    client.release(true);
    expect(await eventually(() => storage.sessions.get(key("there")))).toBeDefined();
    await storage.sessions.close();
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  test("a server that does not wait for its disk is said to be less durable", async () => {
    const { sessions } = store();
    await sessions.get(key("there"));
    expect(sessions.info.durability, "fsync is off here").toBe("process");
  });

  test("a database of another encoding is refused", async () => {
    await server.query("create database latin template template0 encoding 'LATIN1' locale 'C'");
    const { sessions } = store({ url: url.replace(/postgres$/, "latin") });
    await expect(sessions.get(key())).rejects.toMatchObject({
      code: "store_unavailable",
      cause: { message: "the database's encoding is LATIN1, not UTF8" },
    });
  });
});
