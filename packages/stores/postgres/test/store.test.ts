import { randomUUID } from "node:crypto";
import { createChatEngine, type NewMessage, type Storage } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { Pool } from "pg";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { postgres, type PostgresOptions } from "../src/index.ts";
import { testDatabase } from "./support/database.ts";
import { key, newTurn, said, streaming, textEvent, until, wide, won } from "./support/samples.ts";

test("options that cannot be are refused at once", () => {
  for (const options of [
    { maxConnections: 0 },
    { timeoutMs: Number.NaN },
    { logMs: -1 },
    { schema: "" },
    { schema: 'a"; drop schema b; --' },
    { schema: "s".repeat(49) },
  ])
    expect(() => postgres(options)).toThrow(RangeError);
});

const database = await testDatabase();

describe.skipIf(!database)("the store", () => {
  const { url = "", schema = "", drop = async () => {} } = database ?? {};
  const pool = new Pool({ connectionString: url, max: 4 });
  const open: Storage[] = [];
  const store = (options: PostgresOptions = {}): Storage => {
    const storage = postgres({ url, schema, ...options });
    open.push(storage);
    return storage;
  };
  const tables = ["sessions", "messages", "erasing", "owners", "turns", "log", "windows", "places", "records"];
  const count = async (table: string, where = "true") =>
    Number((await pool.query(`select count(*) from "${schema}".${table} t where ${where}`)).rows[0].count);
  /** Tables in which this text is. */
  const holding = async (text: string) => {
    const found = await Promise.all(
      tables.map(async (table) => [table, await count(table, `t::text like '%${text}%'`)]),
    );
    return found.filter(([, rows]) => rows !== 0).map(([table]) => table);
  };

  afterEach(async () => {
    await Promise.all(open.splice(0).map((storage) => storage.bus.close()));
  });
  afterAll(async () => {
    await pool.end();
    await drop();
  });

  test("nodes that start at once make the schema once", async () => {
    const nodes = Array.from({ length: 8 }, () => store());
    const stats = await Promise.all(nodes.map((node) => node.sessions.stats()));
    expect(stats).toEqual(nodes.map(() => ({ sessions: 0, messages: 0 })));
    expect((await pool.query(`select version from "${schema}".migrations`)).rows).toEqual([{ version: 1 }]);
  });

  test("a schema that a newer version has changed is used as it is", async () => {
    await pool.query(`insert into "${schema}".migrations (version) values (2)`);
    expect(await store().sessions.get(key("none"))).toBeUndefined();
    await pool.query(`delete from "${schema}".migrations where version = 2`);
  });

  test("nothing of an owner is left", async () => {
    const owner = `ada-${randomUUID()}`;
    const secret = randomUUID();
    const storage = store();
    let ended = () => {};
    const engine = createChatEngine({
      backend: scriptedBackend(says(`Answer ${secret}`)),
      storage,
      limits: {
        requests: [{ limit: 100, windowMs: 60_000 }],
        tokens: [{ limit: 1e6, windowMs: 60_000 }],
        concurrentTurns: 4,
      },
      onTurn: () => ended(),
    });
    const over = new Promise<void>((resolve) => (ended = resolve));
    await engine.send({ owner, session: "s1", message: `Question ${secret}`, idempotencyKey: "k" });
    await over;
    await won(storage.turns, "t2", { owner, id: "s2" });
    expect(await holding(owner)).toEqual(["sessions", "owners", "turns"]);
    expect(await holding(secret)).toEqual(["messages", "log"]);
    expect(await storage.sessions.deleteOwner(owner)).toBe(1);
    await storage.turns.forget(owner);
    expect(await holding(owner)).toEqual([]);
    expect(await holding(secret)).toEqual([]);
    expect([await count("turns"), await count("log")]).toEqual([0, 0]);
  });

  test("messages of an earlier release, which counted no media, go on", async () => {
    const { sessions } = store();
    const image: NewMessage = {
      ...said("m1"),
      parts: [{ type: "image", url: `data:image/png;base64,${"A".repeat(978)}` }],
    };
    await sessions.open(key("earlier"), { append: [image, said("m2")], window: wide });
    const { rowCount } = await pool.query(
      `update "${schema}".messages set characters = 0 where id = 'm1' and characters = 250`,
    );
    expect(rowCount).toBe(1);
    const { window } = await sessions.open(key("earlier"), { append: [], window: { ...wide, maxCharacters: 20 } });
    expect(window.map(({ id }) => id)).toEqual(["m1", "m2"]);
    expect(window[0]?.parts).toEqual(image.parts);
    await sessions.delete(key("earlier"));
  });

  test("a session goes at once and all its messages with it, however many they are", async () => {
    const { sessions } = store();
    await sessions.create(key("large"), {});
    await pool.query(
      `insert into "${schema}".messages select s.number, n, 'm' || n, 'user', 'complete', false, null, 0, false, '{}'
       from "${schema}".sessions s, generate_series(1, 12000) n where s.id = 'large'`,
    );
    await sessions.create(key("small"), {});
    await sessions.append(key("small"), [said("m1")]);
    expect(await sessions.delete(key("large"))).toBe(true);
    expect([await count("messages"), await count("erasing")]).toEqual([1, 0]);
    expect(await sessions.deleteOwner("ada")).toBe(1);
  });

  test("an owner of many sessions goes as a whole", async () => {
    const { sessions } = store();
    await sessions.create(key("first", "many"), {});
    await pool.query(
      `insert into "${schema}".sessions (owner, id, metadata, created_ms, updated_ms)
       select 'many', n, '{}', 0, 0 from generate_series(1, 1200) n`,
    );
    await pool.query(`update "${schema}".owners set sessions = 1201 where owner = 'many'`);
    expect(await sessions.deleteOwner("many")).toBe(1_201);
    expect([await count("sessions", "owner = 'many'"), await count("owners", "owner = 'many'")]).toEqual([0, 0]);
  });

  test("what has run out is erased by itself", async () => {
    const { sessions, turns, limits, records } = store({ sweepMs: 20, logMs: 50, idempotencyMs: 100, ttlMs: 200 });
    const s = key("swept", "swept");
    const idempotency = { key: "k", kind: "chat", bodyHash: "h" };
    const result = await turns.claim(s, newTurn("t1"), { leaseMs: 60_000, idempotency });
    if (result.kind !== "won") throw new Error(result.kind);
    await turns.append([{ claim: result.claim, events: [textEvent(1)] }]);
    await turns.end(result.claim, { status: "complete" });
    await turns.settled(s, "t1");
    await limits.consume("key", 1, { limit: 1, windowMs: 50 });
    await limits.acquire("key", "holder", 1, 50);
    await records.put("kind", "short", "value", 50);
    await records.put("kind", "long", "value");
    await sessions.open(s, { append: [said("m1")], window: wide });
    await sessions.open(key("answering", "swept"), { append: [streaming("a1", "t1")], window: wide });
    // Left behind by a node that died while it erased.
    await pool.query(
      `insert into "${schema}".messages values (-1, 1, 'm', 'user', 'complete', false, null, 0, false, '{}')`,
    );
    await pool.query(`insert into "${schema}".erasing values (-1)`);
    const left = async () =>
      Promise.all([
        ...["turns", "log", "places", "erasing"].map((table) => count(table)),
        count("windows", "window_ms = 50"),
      ]);
    expect(await until(async () => (await left()).every((rows) => rows === 0))).toBe(true);
    expect(await until(async () => (await sessions.get(s)) === undefined)).toBe(true);
    expect(await until(async () => (await count("messages")) === 1), "of the session being answered").toBe(true);
    expect((await records.list("kind", { limit: 10 })).map(({ id }) => id)).toEqual(["long"]);
    expect(await sessions.stats("swept")).toEqual({ sessions: 1, messages: 1, ttlMs: 200 });
    await sessions.deleteOwner("swept");
  });

  test("behind a pooler nothing is left in a connection, and each statement may run on another", async () => {
    const connections = new Pool({ connectionString: url, max: 1 });
    const storage = store({ pool: connections, listen: false });
    const heard: string[] = [];
    await storage.bus.subscribe("topic", (payload) => heard.push(payload));
    await storage.bus.publish("topic", "in this process");
    expect(await until(() => heard.length === 1)).toBe(true);
    await storage.sessions.open(key("pooled"), { append: [said("m1")], window: wide });
    const { rows } = await connections.query(
      `select (select count(*) from pg_prepared_statements) + (select count(*) from pg_listening_channels())
         + (select count(*) from pg_settings where source = 'session' or (source = 'client' and name like '%timeout')) as left`,
    );
    expect(rows).toEqual([{ left: "0" }]);
    await connections.end();

    const changing = new Pool({ connectionString: url, max: 3, maxUses: 1 });
    const engine = createChatEngine({
      backend: scriptedBackend(says("It works.")),
      storage: store({ pool: changing, listen: false }),
    });
    expect((await engine.send({ owner: "ada", session: "pooled", message: "Hello" })).text).toBe("It works.");
    await engine.close();
    await changing.end();
  });

  test("a key that no index can hold is the caller's fault, and the error says nothing of it", async () => {
    const { records } = store();
    const secret = randomUUID();
    const id = Array.from({ length: 500 }, () => randomUUID()).join("") + secret;
    const error = await records.put("kind", id, "value").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "invalid_request", cause: { code: "54000" } });
    const { cause } = error as Error;
    expect(JSON.stringify([error, cause, Object.values(cause as object), (cause as Error).message])).not.toContain(
      secret,
    );
  });

  test("a notice that is too long is refused", async () => {
    const { bus } = store();
    await expect(bus.publish("topic", "x".repeat(8_000))).rejects.toMatchObject({ code: "payload_too_large" });
    await bus.publish("topic", "x".repeat(7_900));
  });

  test("closed is closed, for all parts, and twice is once", async () => {
    const { sessions, records, bus } = store();
    await sessions.stats();
    await records.close();
    await sessions.close();
    await expect(sessions.stats()).rejects.toMatchObject({ code: "store_unavailable" });
    await bus.close();
    await expect(bus.subscribe("topic", () => {})).rejects.toMatchObject({ code: "store_unavailable" });
  });

  test("a ping ends with its signal", async () => {
    const { sessions } = store();
    await sessions.ping(AbortSignal.timeout(60_000));
    await expect(sessions.ping(AbortSignal.abort())).rejects.toMatchObject({ code: "store_unavailable" });
  });
});
