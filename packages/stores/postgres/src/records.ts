import type { RecordStore } from "@parlor/core";
import type { Database } from "./database.ts";
import { PostgresPart } from "./part.ts";
import { fromText, toInteger, toText } from "./text.ts";

export class PostgresRecords extends PostgresPart implements RecordStore {
  readonly #records: string;
  readonly #now: string;

  constructor(database: Database) {
    super(database);
    this.#records = `${database.schema}.records`;
    this.#now = `${database.schema}.now_ms()`;
  }

  async get(kind: string, id: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ value: string }>(
      `select value from ${this.#records} where kind = $1 and id = $2 and (ends_ms is null or ends_ms > ${this.#now})`,
      [toText(kind), toText(id)],
    );
    return row && fromText(row.value);
  }

  async putIfAbsent(kind: string, id: string, value: string, ttlMs?: number): Promise<boolean> {
    const rows = await this.database.query(
      `insert into ${this.#records} as r values ($1, $2, $3, ${this.#now} + $4)
       on conflict (kind, id) do update set value = excluded.value, ends_ms = excluded.ends_ms
       where r.ends_ms <= ${this.#now} returning 1`,
      [toText(kind), toText(id), toText(value), ttlMs ?? null],
      "once",
    );
    return rows.length > 0;
  }

  async put(kind: string, id: string, value: string, ttlMs?: number): Promise<void> {
    await this.database.query(
      `insert into ${this.#records} values ($1, $2, $3, ${this.#now} + $4)
       on conflict (kind, id) do update set value = excluded.value, ends_ms = excluded.ends_ms`,
      [toText(kind), toText(id), toText(value), ttlMs ?? null],
    );
  }

  async delete(kind: string, id: string): Promise<boolean> {
    const rows = await this.database.query<{ alive: boolean }>(
      `delete from ${this.#records} where kind = $1 and id = $2
       returning ends_ms is null or ends_ms > ${this.#now} as alive`,
      [toText(kind), toText(id)],
      "once",
    );
    return rows[0]?.alive ?? false;
  }

  async list(kind: string, { limit, after }: { readonly limit: number; readonly after?: string }) {
    const rows = await this.database.query<{ id: string; value: string }>(
      `select id, value from ${this.#records}
       where kind = $1 and ($2::text is null or id > $2) and (ends_ms is null or ends_ms > ${this.#now})
       order by id limit $3`,
      [toText(kind), after === undefined ? null : toText(after), toInteger(limit)],
    );
    return rows.map(({ id, value }) => ({ id: fromText(id), value: fromText(value) }));
  }
}
