import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memory, type Storage } from "@parlor/core";
import { keyvPostgres, keyvRedis } from "@parlor/keyv";
import { postgres } from "@parlor/postgres";
import { redis } from "@parlor/redis";
import { sqlite } from "@parlor/sqlite";
import { createClient } from "@redis/client";
import { Client } from "pg";
import { callsOfTurn, sameText, type TurnStorage } from "./turn.ts";

/** A store, and its driver alone. */
export interface Subject {
  /** What it runs on, with its version. */
  readonly server?: string;
  readonly storage: TurnStorage;
  /** As many round trips as a turn makes, each one storing a row by itself. Memory has none. */
  readonly bare?: () => Promise<void>;
  /** Removes what it has made. */
  readonly close: () => Promise<void>;
}

const redisUrl = process.env["BENCH_REDIS"] ?? "redis://127.0.0.1:6379";
const postgresUrl = process.env["BENCH_POSTGRES"] ?? "postgres://postgres@127.0.0.1:5432/test";

/** By the name in the table. */
export const subjects = {
  memory: async () => ({ storage: memory(), close: async () => {} }),
  "SQLite, `process`": () => onSqlite("process"),
  "SQLite, `power`": () => onSqlite("power"),
  Redis: onRedis,
  PostgreSQL: onPostgres,
  "Keyv on Redis": async () => {
    const { namespace, ...beside } = await onRedis();
    return only(keyvRedis(redisUrl, { namespace }), beside);
  },
  "Keyv on PostgreSQL": async () => {
    const { schema, ...beside } = await onPostgres();
    return only(keyvPostgres(postgresUrl, { schema }), beside);
  },
} satisfies Record<string, () => Promise<Subject>>;

export type SubjectName = keyof typeof subjects;
export const subjectNames = Object.keys(subjects) as SubjectName[];

/** Conversations there, everything else in memory. */
const only = ({ sessions }: Pick<Storage, "sessions">, beside: Subject): Subject => ({
  ...beside,
  storage: { ...memory(), sessions },
  close: async () => {
    await sessions.close();
    await beside.close();
  },
});

async function onSqlite(durability: "process" | "power"): Promise<Subject> {
  const directory = await mkdtemp(join(tmpdir(), "parlor-bench-"));
  const storage = sqlite(join(directory, "chat.db"), { durability });
  const database = new DatabaseSync(join(directory, "bare.db"));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"}`);
  database.exec("CREATE TABLE bare (id INTEGER PRIMARY KEY, value TEXT)");
  const insert = database.prepare("INSERT INTO bare (value) VALUES (?)");
  return {
    storage,
    bare: async () => {
      for (let call = 0; call < callsOfTurn; call++) insert.run(sameText);
    },
    close: async () => {
      await storage.sessions.close();
      database.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function onRedis() {
  const namespace = `parlor-bench-${randomUUID()}`;
  const prefix = `${namespace}:`;
  const storage = redis({ url: redisUrl, prefix });
  const client = createClient({ url: redisUrl });
  await client.connect();
  let count = 0;
  return {
    namespace,
    storage,
    server: `Redis ${/redis_version:(\S+)/.exec(await client.info("server"))?.[1]}`,
    bare: async () => {
      for (let call = 0; call < callsOfTurn; call++) await client.set(`${prefix}${count++}`, sameText);
    },
    close: async () => {
      await Promise.all(Object.values(storage).map((part) => part.close()));
      for await (const keys of client.scanIterator({ MATCH: `${namespace}:*`, COUNT: 10_000 }))
        if (keys.length > 0) await client.unlink(keys);
      client.destroy();
    },
  };
}

async function onPostgres() {
  const schema = `bench_${randomUUID().replaceAll("-", "")}`;
  const storage = postgres({ url: postgresUrl, schema });
  await storage.sessions.stats();
  const client = new Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(`create table ${schema}.bare (id bigserial primary key, value text)`);
  const { rows } = await client.query<{ server_version: string }>("show server_version");
  const insert = { name: "bare", text: `insert into ${schema}.bare (value) values ($1)` };
  return {
    schema,
    storage,
    server: `PostgreSQL ${rows[0]?.server_version.split(" ")[0]}`,
    bare: async () => {
      for (let call = 0; call < callsOfTurn; call++) await client.query({ ...insert, values: [sameText] });
    },
    close: async () => {
      await storage.sessions.close();
      await client.query(`drop schema ${schema} cascade`);
      await client.end();
    },
  };
}
