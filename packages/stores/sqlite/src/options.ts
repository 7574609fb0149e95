import type { Clock } from "@parlor/core";

export interface SqliteOptions {
  /**
   * What survives. `power`: a power loss loses no acknowledged message and no finished answer; two flushes of the disk a turn,
   * at most one a second for the text in between. `process`: a killed process loses nothing, a power loss may take back the last
   * moments; no flush of the disk in a turn. Default `power`.
   */
  readonly durability?: "power" | "process";
  /** How long a call waits for a lock that another process holds, in milliseconds; then `store_unavailable`. Default 2,000. */
  readonly timeoutMs?: number;
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
  /** Most bytes the database file may grow to; then writes fail with `store_unavailable`, reads go on. Default: what the disk has. */
  readonly maxBytes?: number;
  /** Default: the wall clock for what people see, the machine's monotonic clock for leases, windows and what runs out. */
  readonly clock?: Clock;
}

export type Settings = Required<Omit<SqliteOptions, "clock">>;

export function withDefaults({ clock: _clock, ...options }: SqliteOptions): Settings {
  const settings: Settings = {
    durability: "power",
    timeoutMs: 2_000,
    ttlMs: Infinity,
    maxSessionsPerOwner: Infinity,
    maxMessagesPerSession: Infinity,
    logMs: 300_000,
    idempotencyMs: 86_400_000,
    maxBytes: Infinity,
    ...options,
  };
  for (const [name, value] of Object.entries(settings)) {
    // NaN would switch a bound off silently.
    if (typeof value === "number" && !(value >= 1)) throw new RangeError(`sqlite: ${name} must be at least 1`);
  }
  if (settings.durability !== "power" && settings.durability !== "process") {
    throw new RangeError('sqlite: durability must be "power" or "process"');
  }
  return settings;
}
