import { type Clock, type StoreInfo, systemClock } from "@parlor/core";

export interface KeyvStoreOptions {
  /**
   * What outlives a crash in what stands behind the Keyv, for `info`; Parlor cannot find it out. Default `none` for a Map,
   * `process` for everything else.
   */
  readonly durability?: StoreInfo["durability"];
  /** After so many milliseconds a call fails with `store_unavailable`. Default 2,000. */
  readonly timeoutMs?: number;
  /** How long a session is kept that nobody writes to, in milliseconds. Default: the Keyv's own `ttl`; without one, for ever. */
  readonly ttlMs?: number;
  /** Most sessions of one owner; the next one is refused with `sessions_full`. Default: no bound. */
  readonly maxSessionsPerOwner?: number;
  /** Most messages of one session; the oldest go first. Default: no bound. */
  readonly maxMessagesPerSession?: number;
  readonly clock?: Clock;
}

export type Settings = Required<Omit<KeyvStoreOptions, "durability">>;

export function withDefaults({ durability: _durability, ...options }: KeyvStoreOptions, ttlMs?: number): Settings {
  const settings = {
    timeoutMs: 2_000,
    ttlMs: ttlMs ?? Infinity,
    maxSessionsPerOwner: Infinity,
    maxMessagesPerSession: Infinity,
    clock: systemClock,
    ...options,
  };
  for (const [name, value] of Object.entries(settings)) {
    // NaN would switch a bound off silently.
    if (typeof value === "number" && !(value >= 1)) throw new RangeError(`keyv: ${name} must be at least 1`);
  }
  return { ...settings, ttlMs: Math.ceil(settings.ttlMs) };
}
