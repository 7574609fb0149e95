import type { Pool, PoolClient } from "pg";
import { Call } from "./call.ts";
import { migrations } from "./migrations/index.ts";
import type { Settings } from "./options.ts";

/** How long making the schema may take, with waiting for another node that makes it. */
const patienceMs = 60_000;

interface State {
  readonly encoding: string;
  readonly fsync: string;
  readonly commit: string;
  readonly there: boolean;
}

/** Brings the schema up to date; of nodes that start at once one does it and the others wait. */
export async function migrate(pool: Pool, settings: Settings, schema: string): Promise<{ waitsForDisk: boolean }> {
  const { state, version } = await Call.within(pool, settings.timeoutMs, (call) =>
    call.use(async (client) => {
      const state = await stateOf(client, schema);
      return { state, version: state.there ? await versionOf(client, schema) : 0 };
    }),
  );
  if (state.encoding !== "UTF8") throw new Error(`the database's encoding is ${state.encoding}, not UTF8`);
  if (version < migrations.length)
    await Call.within(pool, patienceMs, (call) => call.use((client) => run(client, schema)));
  return { waitsForDisk: state.fsync === "on" && state.commit !== "off" };
}

async function run(client: PoolClient, schema: string): Promise<void> {
  await client.query("begin");
  try {
    await client.query(`set local statement_timeout = ${patienceMs}`);
    // Of the transaction, not of the session: a pooler may give the next transaction to another server.
    await client.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`parlor migrations ${schema}`]);
    const { there } = await stateOf(client, schema);
    // Asked for first: who may use a schema may not have the right to make one.
    if (!there) {
      await client.query(`create schema if not exists ${schema}`);
      await client.query(
        `create table if not exists ${schema}.migrations (version integer primary key, applied_at timestamptz not null default now())`,
      );
    }
    for (let version = await versionOf(client, schema); version < migrations.length; version += 1) {
      await client.query(migrations[version]?.(schema) ?? "");
      await client.query(`insert into ${schema}.migrations (version) values ($1)`, [version + 1]);
    }
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

async function stateOf(client: PoolClient, schema: string): Promise<State> {
  const { rows } = await client.query<State>(
    `select current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
       current_setting('synchronous_commit') as commit, to_regclass($1) is not null as there`,
    [`${schema}.migrations`],
  );
  return rows[0] as State;
}

/** Newer than what this process knows is fine: migrations leave the version before them working. */
async function versionOf(client: PoolClient, schema: string): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `select coalesce(max(version), 0) as version from ${schema}.migrations`,
  );
  return rows[0]?.version ?? 0;
}
