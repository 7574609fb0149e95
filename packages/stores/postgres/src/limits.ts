import type { Decision, LimitReceipt, LimitRule, LimitStore } from "@parlor/core";
import type { Database } from "./database.ts";
import { PostgresPart } from "./part.ts";
import { toText } from "./text.ts";

interface DecisionRow {
  readonly allowed: boolean;
  readonly used: number;
  readonly reset_ms: number;
  readonly number: string;
}

export class PostgresLimits extends PostgresPart implements LimitStore {
  constructor(database: Database) {
    super(database, "process");
  }

  async consume(key: string, cost: number, { limit, windowMs }: LimitRule): Promise<Decision> {
    const values = { key: toText(key), cost, limit, window_ms: windowMs };
    const [row] = await this.database.call<DecisionRow>("consume", values, "once");
    const { allowed, used, reset_ms: resetMs, number } = row as DecisionRow;
    return {
      allowed,
      limit,
      remaining: Math.max(0, limit - used),
      // Another node's reading of the clock may be a moment later.
      resetMs: Math.min(resetMs, windowMs),
      ...(allowed && { receipt: { key, cost, window: number } }),
    };
  }

  async settle({ key, cost, window }: LimitReceipt, actual: number): Promise<void> {
    if (actual === cost) return;
    await this.database.call("settle_window", { key: toText(key), number: window, change: actual - cost }, "once");
  }

  async acquire(key: string, holder: string, max: number, ttlMs: number): Promise<boolean> {
    const values = { key: toText(key), holder: toText(holder), max, ttl_ms: ttlMs };
    const [row] = await this.database.call<{ acquire_place: boolean }>("acquire_place", values);
    return row?.acquire_place ?? false;
  }

  async release(key: string, holder: string): Promise<void> {
    await this.database.call("release_place", { key: toText(key), holder: toText(holder) });
  }
}
