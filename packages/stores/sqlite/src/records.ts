import type { RecordStore } from "@parlor/core";
import { SqlitePart } from "./part.ts";
import { fromColumn, toColumn } from "./text.ts";

const sql = {
  get: "SELECT value FROM records WHERE kind = ?1 AND id = ?2 AND (ends IS NULL OR ends > ?3)",
  put: "INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3, ?4)",
  delete: "DELETE FROM records WHERE kind = ?1 AND id = ?2 AND (ends IS NULL OR ends > ?3)",
  list: `SELECT id, value FROM records WHERE kind = ?1 AND id > ?2 AND (ends IS NULL OR ends > ?3) ORDER BY id LIMIT ?4`,
  first: `SELECT id, value FROM records WHERE kind = ?1 AND (ends IS NULL OR ends > ?2) ORDER BY id LIMIT ?3`,
};

interface RecordRow {
  readonly id: string;
  readonly value: string | Uint8Array;
}

export class SqliteRecords extends SqlitePart implements RecordStore {
  async get(kind: string, id: string): Promise<string | undefined> {
    return this.db.read(() => this.#get(kind, id));
  }

  async putIfAbsent(kind: string, id: string, value: string, ttlMs?: number): Promise<boolean> {
    return this.db.write(() => {
      if (this.#get(kind, id) !== undefined) return false;
      this.#put(kind, id, value, ttlMs);
      return true;
    }, true);
  }

  async put(kind: string, id: string, value: string, ttlMs?: number): Promise<void> {
    await this.db.write(() => this.#put(kind, id, value, ttlMs), true);
  }

  async delete(kind: string, id: string): Promise<boolean> {
    return this.db.write(() => this.db.run(sql.delete, kind, id, this.clock.now()) > 0, true);
  }

  async list(
    kind: string,
    { limit, after }: { readonly limit: number; readonly after?: string },
  ): Promise<readonly { readonly id: string; readonly value: string }[]> {
    const now = this.clock.now();
    const rows = await this.db.read(() =>
      after === undefined
        ? this.db.all<RecordRow>(sql.first, kind, now, limit)
        : this.db.all<RecordRow>(sql.list, kind, after, now, limit),
    );
    return rows.map(({ id, value }) => ({ id, value: fromColumn(value) }));
  }

  #get(kind: string, id: string): string | undefined {
    const row = this.db.get<Pick<RecordRow, "value">>(sql.get, kind, id, this.clock.now());
    return row && fromColumn(row.value);
  }

  #put(kind: string, id: string, value: string, ttlMs: number | undefined): void {
    this.db.run(sql.put, kind, id, ttlMs === undefined ? null : this.clock.now() + ttlMs, toColumn(value));
  }
}
