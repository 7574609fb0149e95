import KeyvPostgres from "@keyv/postgres";
import { Keyv } from "keyv";
import { Pool } from "pg";
import { type KeyvStorage, storageOn } from "./keyv.ts";
import type { KeyvStoreOptions } from "./options.ts";

export interface KeyvPostgresOptions extends KeyvStoreOptions {
  /** Made when it is not there: lower-case letters, digits and `_`, at most 63. Default `parlor_keyv`. */
  readonly table?: string;
  /** Default `public`; as the table. */
  readonly schema?: string;
  /** Most connections. Default 10. */
  readonly maxConnections?: number;
}

/** The adapter unquotes names in some of its statements and quotes them in others, so they have to mean the same. */
const name = /^[a-z_][a-z0-9_]{0,62}$/;

/** Two processes made the table at once. */
const madeMeanwhile = new Set(["23505", "42P07", "42P06"]);

function connect(connectionString: string, max: number, timeoutMs: number): Pool {
  const pool = new Pool({
    connectionString,
    max,
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    // Ends what waits for a lock; ends the wait for a server that says nothing, when the caller has long been told.
    statement_timeout: timeoutMs,
    query_timeout: 3 * timeoutMs,
  });
  // Without listeners, one of the pool and one of each connection, a restart of the server ends the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** @keyv/postgres on a pool of its own instead of the one that all its instances share; makes its table when it can. */
class PooledPostgres extends KeyvPostgres {
  constructor(pool: Pool, schema: string, table: string) {
    // The adapter calls `connect` before this instance has fields of its own, so the pool comes by its options.
    const options = { schema, table, pool };
    super(options);
  }

  override async connect() {
    const { pool, schema, table } = this.opts as unknown as { pool: Pool; schema: string; table: string };
    const make = async () => {
      if (schema !== "public") await pool.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
      await pool.query(`CREATE TABLE IF NOT EXISTS ${schema}.${table} (key VARCHAR(255) PRIMARY KEY, value TEXT)`);
    };
    let made: Promise<void> | undefined;
    return async (text: string, values?: unknown[]) => {
      try {
        made ??= make().catch((error: unknown) => {
          if (!madeMeanwhile.has(codeOf(error))) throw error;
        });
        await made.catch((error: unknown) => {
          made = undefined;
          throw error;
        });
        return (await pool.query(text, values)).rows;
      } catch (error) {
        throw withoutRows(error);
      }
    };
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** What PostgreSQL says of rows may hold what people wrote. */
function withoutRows(error: unknown): unknown {
  if (error instanceof Error)
    for (const field of ["detail", "where", "internalQuery"]) Reflect.deleteProperty(error, field);
  return error;
}

/**
 * Session storage on @keyv/postgres, for one writing process. Connects when it is first used; `close` closes the connections.
 * Throws `RangeError` for a table or schema that is no plain name.
 *
 * @example
 * createChatEngine({ backend, storage: { ...memory(), ...keyvPostgres("postgres://127.0.0.1/app") } });
 */
export function keyvPostgres(url: string, given: KeyvPostgresOptions = {}): KeyvStorage {
  const { table = "parlor_keyv", schema = "public", maxConnections = 10, ...options } = given;
  if (!name.test(table)) throw new RangeError("keyvPostgres: table must be lower-case letters, digits and _");
  if (!name.test(schema)) throw new RangeError("keyvPostgres: schema must be lower-case letters, digits and _");
  const pool = connect(url, maxConnections, options.timeoutMs ?? 2_000);
  const adapter = new PooledPostgres(pool, schema, table);
  const keyv = new Keyv(adapter, { useKeyPrefix: false });
  return storageOn(keyv, { durability: "power", ...options }, () => pool.end());
}
