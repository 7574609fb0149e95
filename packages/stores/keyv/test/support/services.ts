import { createClient } from "@keyv/redis";
import { Client } from "pg";

const leftOut = (name: string, variable: string, error: unknown) =>
  process.stderr.write(`left out: no ${name} server for tests (${variable}): ${String(error)}\n`);

async function onRedis<T>(url: string, work: (client: ReturnType<typeof createClient>) => Promise<T>): Promise<T> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  return work(client as ReturnType<typeof createClient>).finally(() => client.destroy());
}

/** The rows it gave. */
export async function onPostgres(connectionString: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** The server that REDIS_URL or the default names; undefined, with the reason printed, when there is none. */
export async function redisUrl(): Promise<string | undefined> {
  const url = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";
  try {
    await onRedis(url, (client) => client.ping());
    return url;
  } catch (error) {
    leftOut("Redis", "REDIS_URL", error);
    return undefined;
  }
}

/** The server that PARLOR_TEST_POSTGRES or the default names; undefined, with the reason printed, when there is none. */
export async function postgresUrl(): Promise<string | undefined> {
  const url = process.env["PARLOR_TEST_POSTGRES"] ?? "postgres://postgres@127.0.0.1:5432/test";
  try {
    await onPostgres(url, "SELECT 1");
    return url;
  } catch (error) {
    leftOut("PostgreSQL", "PARLOR_TEST_POSTGRES", error);
    return undefined;
  }
}

export async function unlinkNamespace(url: string, namespace: string): Promise<void> {
  await onRedis(url, async (client) => {
    for await (const keys of client.scanIterator({ MATCH: `${namespace}::*`, COUNT: 1_000 }))
      if (keys.length > 0) await client.unlink(keys);
  });
}

export async function namesIn(url: string, namespace: string): Promise<string[]> {
  return onRedis(url, async (client) => {
    const names: string[] = [];
    for await (const keys of client.scanIterator({ MATCH: `${namespace}::*`, COUNT: 1_000 })) names.push(...keys);
    return names;
  });
}

export async function keysOf(url: string, table: string): Promise<string[]> {
  const rows = await onPostgres(url, `SELECT key FROM ${table}`);
  return rows.map(({ key }) => String(key));
}

export async function dropTable(url: string, table: string): Promise<void> {
  await onPostgres(url, `DROP TABLE IF EXISTS ${table}`);
}
