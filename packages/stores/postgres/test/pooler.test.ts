import { type ChatEngine, createChatEngine, type Storage } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { storageConformance } from "@parlor/testkit/storage";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { postgres } from "../src/index.ts";
import { query, testDatabase } from "./support/database.ts";
import { canPool, type Pooler, startPooler } from "./support/pooler.ts";
import { eventually, key, outcomeOf, said, wide } from "./support/samples.ts";

const database = canPool ? await testDatabase() : undefined;

describe.skipIf(!database)("behind PgBouncer in transaction mode", () => {
  const { url: direct = "", schema = "", drop = async () => {} } = database ?? {};
  const storages: Storage[] = [];
  /** Fewer connections than the clients have together. */
  const connections = 3;
  let pooler: Pooler;

  beforeAll(async () => {
    pooler = await startPooler(direct, connections);
  });
  afterEach(async () => {
    await Promise.all(storages.splice(0).map(({ sessions }) => sessions.close()));
  });
  afterAll(async () => {
    await pooler.destroy();
    await drop();
    await query(direct, `drop schema if exists "${schema}_ttl" cascade`);
  });

  function store(more: Parameters<typeof postgres>[0] & object = {}): Storage {
    const storage = postgres({ url: pooler.url, schema, listen: false, ...more });
    storages.push(storage);
    return storage;
  }

  // Without LISTEN the bus reaches this process only.
  storageConformance({
    create: async (options) => {
      const settings = {
        url: pooler.url,
        schema: options.ttlMs ? `${schema}_ttl` : schema,
        listen: false,
        sweepMs: 100,
        ...options,
      };
      const [one, other] = [postgres(settings), postgres(settings)];
      return {
        storage: one,
        peer: other,
        advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        close: async () => {
          await one.sessions.close();
          await other.sessions.close();
        },
      };
    },
    parts: ["sessions", "turns", "limits", "records"],
    beat: 250,
    runner: { describe: describe.concurrent, it, skip: it.skip },
  });

  it("turns of two nodes share the pooler's connections and leave nothing in them", async () => {
    const node = (): ChatEngine =>
      createChatEngine({ backend: scriptedBackend(() => says("It works.")), storage: store() });
    const nodes = [node(), node()] as const;
    const turns = Array.from({ length: 40 }, (_, at) =>
      nodes[(at % 2) as 0 | 1].send({ owner: `owner ${at}`, session: "s", message: "Hello" }),
    );
    expect(new Set((await Promise.all(turns)).map(({ text }) => text))).toEqual(new Set(["It works."]));
    // As many transactions at once as there are connections, so that each of them is looked at.
    const lookers = Array.from({ length: connections }, () => new Client({ connectionString: pooler.url }));
    const looks = lookers.map(async (looker) => {
      await looker.connect();
      await looker.query("begin");
      const { rows } = await looker.query<{ pid: number; left: string }>(
        `select pg_backend_pid() as pid, (select count(*) from pg_prepared_statements)
           + (select count(*) from pg_listening_channels())
           + (select count(*) from pg_settings where source = 'session' and name <> 'application_name') as left`,
      );
      return rows[0];
    });
    const seen = await Promise.all(looks);
    expect(new Set(seen.map((look) => look?.pid)).size).toBe(connections);
    expect(seen.map((look) => look?.left)).toEqual(seen.map(() => "0"));
    await Promise.all(lookers.map((looker) => looker.end()));
  });

  it("without this mode the pooler says what it does not take", async () => {
    const storage = store({ listen: true });
    const error = await storage.sessions.get(key()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "store_unavailable", cause: { message: /statement_timeout/ } });
  });

  it("frozen, killed and started again: calls fail in time, then work", async () => {
    const name = `parlor ${schema}`;
    const storage = store({ connection: { application_name: name } });
    const open = () => storage.sessions.open(key("pooled"), { append: [said("m1")], window: wide });
    await open();
    pooler.freeze();
    expect(await outcomeOf(open())).toBe("store_unavailable");
    pooler.thaw();
    await eventually(open);
    await pooler.kill();
    expect(await outcomeOf(open())).toBe("store_unavailable");
    await pooler.start();
    await eventually(open);
    // The server ends what the pooler holds.
    expect(
      await query(direct, `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${name}'`),
    ).toBeGreaterThan(0);
    await eventually(open);
    expect((await storage.sessions.get(key("pooled")))?.messageCount).toBe(1);
  });
});
