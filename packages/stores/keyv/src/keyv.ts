import type { SessionStore } from "@parlor/core";
import { type KeyvStoreOptions, withDefaults } from "./options.ts";
import { type AnyKeyv, Records } from "./records.ts";
import { KeyvSessions } from "./sessions.ts";

export interface KeyvStorage {
  readonly sessions: SessionStore;
}

/**
 * Session storage on a Keyv 5, for one writing process; the other parts of a storage come from elsewhere. `close` leaves the Keyv
 * open. Throws `TypeError` for what is no Keyv, `RangeError` for a bound below 1.
 *
 * @example
 * createChatEngine({ backend, storage: { ...memory(), ...keyv(new Keyv()) } });
 */
export function keyv(given: AnyKeyv, options: KeyvStoreOptions = {}): KeyvStorage {
  return storageOn(given, options, async () => {});
}

/** `disconnect` is called when the storage is closed. */
export function storageOn(given: AnyKeyv, options: KeyvStoreOptions, disconnect: () => Promise<void>): KeyvStorage {
  const settings = withDefaults(options, given.ttl);
  const records = new Records(given, settings.timeoutMs);
  const durability = options.durability ?? (given.store instanceof Map ? "none" : "process");
  const info = { name: "keyv", durability, concurrentWriters: false };
  return { sessions: new KeyvSessions(records, settings, info, disconnect) };
}
