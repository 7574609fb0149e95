import { Client, Pool, type QueryConfig } from "pg";

/** What happened on a pool, and what its server did for it. */
export interface Work {
  /** Functions called and first words of other statements, in order. */
  readonly statements: readonly string[];
  readonly bytes: number;
  /** Rows read from the tables of the schema, and pages of them and their indexes. */
  readonly rows: number;
  readonly pages: number;
}

/** A pool whose work is measured. The server's figures are exact only while nobody else uses the schema. */
export class Meter {
  readonly pool: Pool;
  readonly #schema: string;
  #statements: string[] = [];
  #rounds = 0;
  #out = 0;
  /** While it asks for figures itself. */
  #off = false;

  constructor(url: string, schema: string, max: number) {
    this.#schema = schema;
    const began = (statement: string) => {
      if (this.#off) return;
      if (this.#out === 0) this.#rounds += 1;
      this.#out += 1;
      this.#statements.push(statement);
    };
    const ended = () => {
      if (!this.#off) this.#out -= 1;
    };
    class MeteredClient extends Client {
      constructor(config?: ConstructorParameters<typeof Client>[0]) {
        super(config);
        const query = this.query.bind(this) as (config: QueryConfig) => Promise<unknown>;
        const metered = (config: QueryConfig | string, values?: unknown[]) => {
          const { text, ...rest } = typeof config === "string" ? { text: config, values } : config;
          began(/^select \* from "\w+"\.(\w+)\(/.exec(text)?.[1] ?? (text.trim().split(/\s/)[0] || ""));
          return query({ text, ...rest } as QueryConfig).finally(ended);
        };
        this.query = metered as unknown as Client["query"];
      }
    }
    this.pool = new Pool({ connectionString: url, max, idleTimeoutMillis: 0, Client: MeteredClient as never });
  }

  /** How often something was sent while nothing was out, so far. */
  get rounds(): number {
    return this.#rounds;
  }

  /** What `work` costs. */
  async of(work: () => Promise<unknown>): Promise<Work> {
    const before = await this.#figures();
    this.#statements = [];
    await work();
    const after = await this.#figures();
    return {
      statements: [...this.#statements],
      bytes: after.bytes - before.bytes,
      rows: after.rows - before.rows,
      pages: after.pages - before.pages,
    };
  }

  async #figures(): Promise<{ bytes: number; rows: number; pages: number }> {
    // Each connection keeps its figures to itself for a while unless it is told.
    const clients = await Promise.all(Array.from({ length: this.pool.totalCount || 1 }, () => this.pool.connect()));
    this.#off = true;
    for (const client of clients) await client.query("select pg_stat_force_next_flush()");
    let bytes = 0;
    for (const { connection } of clients) {
      const { stream } = connection;
      if ("bytesRead" in stream && "bytesWritten" in stream)
        bytes += Number(stream.bytesRead) + Number(stream.bytesWritten);
    }
    const [first] = clients as [(typeof clients)[number]];
    const { rows } = await first.query<{ rows: string; pages: string }>(
      `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) as rows,
         sum(coalesce(heap_blks_hit, 0) + coalesce(heap_blks_read, 0) + coalesce(idx_blks_hit, 0) + coalesce(idx_blks_read, 0)
           + coalesce(toast_blks_hit, 0) + coalesce(toast_blks_read, 0)) as pages
       from pg_stat_user_tables t join pg_statio_user_tables io using (relid) where t.schemaname = $1`,
      [this.#schema],
    );
    for (const client of clients) client.release();
    this.#off = false;
    return { bytes, rows: Number(rows[0]?.rows), pages: Number(rows[0]?.pages) };
  }
}
