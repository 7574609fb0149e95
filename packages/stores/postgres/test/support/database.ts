import { randomUUID } from "node:crypto";
import { Client } from "pg";

export interface TestDatabase {
  readonly url: string;
  /** Not made yet; no other test uses it. */
  readonly schema: string;
  readonly drop: () => Promise<void>;
}

const defaultUrl = "postgres://postgres@127.0.0.1:5432/test";

/** A schema of its own on the server that PARLOR_TEST_POSTGRES or the default names; undefined, with the reason printed, when there is none. */
export async function testDatabase(): Promise<TestDatabase | undefined> {
  const url = process.env["PARLOR_TEST_POSTGRES"] ?? defaultUrl;
  const schema = `parlor_test_${randomUUID().replaceAll("-", "").slice(0, 12)}`;
  try {
    await query(url, "select 1");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`left out: no PostgreSQL server for tests (PARLOR_TEST_POSTGRES): ${reason}\n`);
    return undefined;
  }
  const drop = async () => void (await query(url, `drop schema if exists "${schema}" cascade`));
  return { url, schema, drop };
}

/** On a connection of its own; how many rows it gave. */
export async function query(connectionString: string, text: string): Promise<number> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    return (await client.query(text)).rows.length;
  } finally {
    await client.end();
  }
}

/** Names the tables that hold rows of an owner, and those that hold rows of nobody. */
export async function rowsOf(connectionString: string, schema: string, owner: string): Promise<string[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select 'sessions' as name from "${schema}".sessions where owner = $1
       union select 'owners' from "${schema}".owners where owner = $1
       union select 'turns' from "${schema}".turns where owner = $1
       union select 'sealed' from "${schema}".sealed where owner = $1
       union select 'messages' from "${schema}".messages where session not in (select number from "${schema}".sessions)
       union select 'log' from "${schema}".log where turn not in (select number from "${schema}".turns)`,
      [owner],
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}
