import type { Clock, StoreInfo } from "../contracts/index.ts";
import { systemClock } from "../clock.ts";

export interface MemoryOptions {
  /** Most sessions of all owners; the least recently used one goes first, never one that is being answered. Default 1,000. */
  readonly maxSessions?: number;
  /** How long a session is kept that nobody reads or writes, in milliseconds. Default: for ever. */
  readonly ttlMs?: number;
  /** Most sessions of one owner; the next one is refused with `sessions_full`. Default: no bound of its own. */
  readonly maxSessionsPerOwner?: number;
  /** Most messages of one session; the oldest go first. Default: no bound. */
  readonly maxMessagesPerSession?: number;
  /**
   * How long the log of an ended turn can be read, in milliseconds. Default 300,000. At most ten logs per possible session are
   * kept, the newest.
   */
  readonly logMs?: number;
  /**
   * How long an idempotency key is remembered, in milliseconds. Default 24 hours. At most a hundred keys per possible session
   * are kept, the newest.
   */
  readonly idempotencyMs?: number;
  readonly clock?: Clock;
}

export type Settings = Required<MemoryOptions>;

export function withDefaults(options: MemoryOptions): Settings {
  const settings = {
    maxSessions: 1000,
    ttlMs: Infinity,
    maxSessionsPerOwner: Infinity,
    maxMessagesPerSession: Infinity,
    logMs: 300_000,
    idempotencyMs: 86_400_000,
    clock: systemClock,
    ...options,
  };
  for (const [name, value] of Object.entries(settings)) {
    // NaN would switch a bound off silently.
    if (typeof value === "number" && !(value >= 1)) throw new RangeError(`memory: ${name} must be at least 1`);
  }
  return settings;
}

/** What the five parts have in common: nothing to reach, nothing to close. */
export class MemoryPart {
  readonly info: StoreInfo = { name: "memory", durability: "none", concurrentWriters: false };

  async ping(): Promise<void> {}

  /** Closes nothing: others in this process may share it, and it goes when nobody refers to it. */
  async close(): Promise<void> {}
}
