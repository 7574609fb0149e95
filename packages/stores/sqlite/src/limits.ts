import type { Decision, LimitReceipt, LimitRule, LimitStore } from "@parlor/core";
import { SqlitePart } from "./part.ts";

const sql = {
  consume: `INSERT INTO windows VALUES (?1, ?2, ?3 + ?2, ?4)
    ON CONFLICT DO UPDATE SET
      used = iif(ends > ?3, used, 0) + ?4,
      ends = iif(ends > ?3, ends, ?3 + ?2)
    WHERE iif(ends > ?3, used, 0) + ?4 <= ?5
    RETURNING ends, used`,
  window: "SELECT ends, used FROM windows WHERE key = ?1 AND window_ms = ?2 AND ends > ?3",
  settle: "UPDATE windows SET used = max(0, used + ?4) WHERE key = ?1 AND window_ms = ?2 AND ends = ?3 AND ends > ?5",
  renewPlace: "UPDATE places SET ends = ?3 WHERE key = ?1 AND holder = ?2 AND ends > ?4",
  taken: "SELECT count(*) AS taken FROM places WHERE key = ?1 AND ends > ?2",
  takePlace: "INSERT OR REPLACE INTO places VALUES (?1, ?2, ?3)",
  leavePlace: "DELETE FROM places WHERE key = ?1 AND holder = ?2",
};

interface Window {
  readonly ends: number;
  readonly used: number;
}

export class SqliteLimits extends SqlitePart implements LimitStore {
  async consume(key: string, cost: number, { limit, windowMs }: LimitRule): Promise<Decision> {
    return this.#write((now) => {
      const charged = cost <= limit ? this.db.get<Window>(sql.consume, key, windowMs, now, cost, limit) : undefined;
      if (!charged) {
        const open = this.db.get<Window>(sql.window, key, windowMs, now);
        const remaining = Math.max(0, limit - (open?.used ?? 0));
        return { allowed: false, limit, remaining, resetMs: open ? open.ends - now : windowMs };
      }
      const { ends, used } = charged;
      const receipt = { key, cost, window: `${windowMs}.${ends}` };
      return { allowed: true, limit, remaining: limit - used, resetMs: ends - now, receipt };
    });
  }

  async settle({ key, cost, window }: LimitReceipt, actual: number): Promise<void> {
    const [windowMs, ends] = window.split(".").map(Number);
    await this.#write((now) => this.db.run(sql.settle, key, windowMs ?? 0, ends ?? 0, actual - cost, now));
  }

  async acquire(key: string, holder: string, max: number, ttlMs: number): Promise<boolean> {
    return this.#write((now) => {
      if (this.db.run(sql.renewPlace, key, holder, now + ttlMs, now) > 0) return true;
      const { taken } = this.db.get<{ taken: number }>(sql.taken, key, now) ?? { taken: 0 };
      if (taken >= max) return false;
      this.db.run(sql.takePlace, key, holder, now + ttlMs);
      return true;
    });
  }

  async release(key: string, holder: string): Promise<void> {
    await this.#write(() => this.db.run(sql.leavePlace, key, holder));
  }

  #write<T>(work: (now: number) => T): T | Promise<T> {
    return this.db.write(() => work(this.clock.now()), false);
  }
}
