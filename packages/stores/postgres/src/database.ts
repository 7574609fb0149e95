import { ChatError, type StoreInfo } from "@parlor/core";
import { type ClientConfig, Pool, type PoolClient } from "pg";
import { Call } from "./call.ts";
import { isRolledBack, isStatementError, toChatError } from "./errors.ts";
import { migrate } from "./migrate.ts";
import type { Settings } from "./options.ts";

/** Stands among the values of a call for: this may have been done before. */
export const again: unique symbol = Symbol("again");

/** `once`: what it does twice is not what it does once, so it is not sent again when nobody knows whether it was done. */
export type Repeat = "repeatable" | "once";

/** The connections of a storage, shared by its parts. Connects on first use and makes its schema then. */
export class Database {
  /** Quoted. */
  readonly schema: string;
  readonly settings: Settings;
  /** Of an own connection beside the pool. */
  readonly clientConfig: ClientConfig;
  readonly #pool: Pool;
  /** Texts of calls by function; a function is always called with the same arguments. */
  readonly #calls = new Map<string, string>();
  readonly #clients = new Set<PoolClient>();
  readonly #guarded = new WeakSet<PoolClient>();
  readonly #started: (database: Database) => () => void;
  #stop = () => {};
  #migrated: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** What the server's own settings make of a commit. */
  #waitsForDisk = true;

  /** `started` is called once the schema is there; what it returns, when this is closed. */
  constructor(settings: Settings, started: (database: Database) => () => void) {
    this.#started = started;
    this.settings = settings;
    this.schema = `"${settings.schema}"`;
    const own: ClientConfig = {
      application_name: "parlor",
      connectionTimeoutMillis: settings.timeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      // A pooler refuses settings that it does not know.
      ...(settings.listen && { statement_timeout: settings.timeoutMs }),
      ...settings.connection,
      ...(settings.url !== undefined && { connectionString: settings.url }),
    };
    this.#pool =
      settings.pool ??
      new Pool({ ...own, max: settings.maxConnections, idleTimeoutMillis: 30_000, allowExitOnIdle: true });
    // A pool hides its password from copies.
    const { password } = this.#pool.options;
    this.clientConfig = settings.pool ? { ...this.#pool.options, ...(password !== undefined && { password }) } : own;
    this.#pool.on("error", ignore);
    this.#pool.on("acquire", this.#guard);
    this.#pool.on("remove", this.#forget);
  }

  info(durability: StoreInfo["durability"]): StoreInfo {
    const lessDurable = () => !this.#waitsForDisk;
    return {
      name: "postgres",
      get durability() {
        return durability === "power" && lessDurable() ? "process" : durability;
      },
      concurrentWriters: true,
    };
  }

  /** Calls a function of the schema, its arguments by name (without `p_`): one round trip, one transaction. */
  call<Row>(name: string, values: { readonly [name: string]: unknown }, repeat?: Repeat): Promise<Row[]> {
    let text = this.#calls.get(name);
    if (text === undefined) {
      const given = Object.keys(values).map((argument, index) => `p_${argument} => $${index + 1}`);
      text = `select * from ${this.schema}.${name}(${given.join(", ")})`;
      this.#calls.set(name, text);
    }
    return this.query(text, Object.values(values), repeat, name);
  }

  /** Runs one statement, once more where that is safe and the connection was lost. Throws `store_unavailable`. */
  async query<Row>(
    text: string,
    values: readonly unknown[],
    repeat: Repeat = "repeatable",
    name?: string,
  ): Promise<Row[]> {
    const statement = {
      text,
      ...(name !== undefined && this.settings.listen && { name: `parlor ${this.schema}.${name}` }),
    };
    try {
      return await Call.within(this.#pool, this.settings.timeoutMs, async (call) => {
        await this.#ready();
        for (let attempt = 0; ; attempt += 1) {
          try {
            const sent = values.map((value) => (value === again ? attempt > 0 : value));
            const result = await call.use(async (client) => client.query({ ...statement, values: sent }));
            return result.rows as Row[];
          } catch (error) {
            const mayRepeat = isRolledBack(error) || (repeat === "repeatable" && !isStatementError(error));
            if (attempt > 0 || call.over || !mayRepeat) throw error;
          }
        }
      });
    } catch (error) {
      throw toChatError(error);
    }
  }

  /** Throws `store_unavailable` when it cannot serve, or the signal says that nobody waits any more. */
  async ping(signal: AbortSignal): Promise<void> {
    const answer = this.query("select 1", []);
    let onAbort = () => {};
    const gone = new Promise<never>((_, reject) => {
      onAbort = () => reject(new ChatError("store_unavailable", "The database did not answer in time."));
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      await Promise.race([answer, gone]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      answer.catch(ignore);
      gone.catch(ignore);
    }
  }

  /** Closes the own pool, or leaves a given one as it was. A second call does nothing more. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stop();
    if (this.settings.pool) {
      this.#pool.off("error", ignore);
      this.#pool.off("acquire", this.#guard);
      this.#pool.off("remove", this.#forget);
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.settings.timeoutMs);
    });
    await Promise.race([this.#pool.end(), late]);
    clearTimeout(timer);
    // A server that does not answer does not say goodbye either.
    for (const client of this.#clients) client.connection.stream.destroy();
  }

  /** Brings the schema up to date, once; after a failure the next call tries again. */
  #ready(): Promise<void> {
    this.#migrated ??= migrate(this.#pool, this.settings, this.schema).then(
      ({ waitsForDisk }) => {
        this.#waitsForDisk = waitsForDisk;
        if (!this.#closed) this.#stop = this.#started(this);
      },
      (error: unknown) => {
        this.#migrated = undefined;
        throw error;
      },
    );
    return this.#migrated;
  }

  /** A client that nobody listens to ends the process when its connection breaks, checked out or idle. */
  readonly #guard = (client: PoolClient): void => {
    if (this.#guarded.has(client)) return;
    this.#guarded.add(client);
    this.#clients.add(client);
    client.on("error", ignore);
  };

  readonly #forget = (client: PoolClient): void => {
    this.#clients.delete(client);
  };
}

/** Failures reach whoever waits for an answer; a connection that breaks while nobody does is replaced. */
function ignore(): void {}
