import type { ClientConfig, Pool } from "pg";

export interface PostgresOptions {
  /** Connection string. Default: what the environment variables of PostgreSQL say (PGHOST, PGUSER …). */
  readonly url?: string;
  /** What a connection string cannot say (`ssl`, a password that changes …). */
  readonly connection?: ClientConfig;
  /**
   * A pool of yours instead of an own one; `close` leaves it open. Give it `connectionTimeoutMillis` and `statement_timeout`:
   * these cannot be added later.
   */
  readonly pool?: Pool;
  /** Most connections of the own pool, the bus's one not counted. Default 10. */
  readonly maxConnections?: number;
  /** Where the tables are: letters, digits and `_`, at most 48. Made when it is not there. Default `parlor`. */
  readonly schema?: string;
  /** After so many milliseconds a call fails with `store_unavailable`. Default 2,000. */
  readonly timeoutMs?: number;
  /**
   * False: no LISTEN, no prepared statements and no settings at the start of a connection, as a pooler like PgBouncer in transaction
   * mode wants it. The bus then reaches this process only and other nodes notice by polling, within a second or so. Default true.
   */
  readonly listen?: boolean;
  /** How long a session is kept that nobody writes to, in milliseconds. Default: for ever. */
  readonly ttlMs?: number;
  /** Most sessions of one owner; the next one is refused with `sessions_full`. Default: no bound. */
  readonly maxSessionsPerOwner?: number;
  /** Most messages of one session; the oldest go first. Default: no bound. */
  readonly maxMessagesPerSession?: number;
  /** How long the log of an ended turn can be read, in milliseconds. Default 300,000. */
  readonly logMs?: number;
  /** How long an idempotency key is remembered, in milliseconds. Default 24 hours. */
  readonly idempotencyMs?: number;
  /** How often what has run out is erased, in milliseconds. Default 30,000. */
  readonly sweepMs?: number;
}

type Defaulted = Required<Omit<PostgresOptions, "url" | "connection" | "pool">>;
export type Settings = Defaulted & Pick<PostgresOptions, "url" | "connection" | "pool">;

export function withDefaults(options: PostgresOptions): Settings {
  const settings = {
    maxConnections: 10,
    schema: "parlor",
    timeoutMs: 2_000,
    listen: true,
    ttlMs: Infinity,
    maxSessionsPerOwner: Infinity,
    maxMessagesPerSession: Infinity,
    logMs: 300_000,
    idempotencyMs: 86_400_000,
    sweepMs: 30_000,
    ...options,
  };
  for (const [name, value] of Object.entries(settings)) {
    // NaN would switch a bound off silently.
    if (typeof value === "number" && !(value >= 1)) throw new RangeError(`postgres: ${name} must be at least 1`);
  }
  if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,47}$/.test(settings.schema))
    throw new RangeError("postgres: schema must be letters, digits and _, at most 48 of them");
  return settings;
}

/** A bound for SQL, where no bound is null. */
export const boundOrNull = (bound: number): number | null =>
  bound === Infinity ? null : Math.min(bound, 2_147_483_647);
