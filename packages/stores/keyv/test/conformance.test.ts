import { randomUUID } from "node:crypto";
import { manualClock } from "@parlor/core/testing";
import { keyv, keyvPostgres, keyvRedis, type KeyvStorage, type KeyvStoreOptions } from "@parlor/keyv";
import { storageConformance } from "@parlor/testkit/storage";
import { Keyv } from "keyv";
import { afterAll, describe, it } from "vitest";
import { dropTable, postgresUrl, redisUrl, unlinkNamespace } from "./support/services.ts";

/** One process may write, so there is no second node; the other parts of a storage come from elsewhere. */
function conformance(make: (options: KeyvStoreOptions) => KeyvStorage): void {
  storageConformance({
    create: async (options) => {
      const clock = manualClock();
      const { sessions } = make({ ...options, clock });
      return { storage: { sessions }, advance: (ms) => clock.advance(ms), close: () => sessions.close() };
    },
    runner: { describe, it, skip: it.skip },
    parts: ["sessions"],
  });
}

describe("a Keyv on a Map", () => {
  const map = new Map<string, unknown>();
  conformance((options) => keyv(new Keyv(map), options));
});

const redis = await redisUrl();
describe.skipIf(redis === undefined)("@keyv/redis", () => {
  if (redis === undefined) return;
  const namespace = `parlor-test-${randomUUID()}`;
  afterAll(() => unlinkNamespace(redis, namespace));
  conformance((options) => keyvRedis(redis, { ...options, namespace }));
});

const postgres = await postgresUrl();
describe.skipIf(postgres === undefined)("@keyv/postgres", () => {
  if (postgres === undefined) return;
  const table = `parlor_keyv_${randomUUID().replaceAll("-", "")}`;
  afterAll(() => dropTable(postgres, table));
  // Writes of a session wait for one another, and each of them for a disk that is not ours alone.
  conformance((options) => keyvPostgres(postgres, { ...options, table, timeoutMs: 10_000 }));
});
