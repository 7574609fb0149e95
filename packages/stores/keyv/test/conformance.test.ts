import { randomUUID } from "node:crypto";
import { manualClock } from "@parlor/core/testing";
import { keyv, keyvPostgres, keyvRedis, type KeyvStorage, type KeyvStoreOptions } from "@parlor/keyv";
import { type ConformanceOptions, storageConformance } from "@parlor/testkit/storage";
import { Keyv } from "keyv";
import { afterAll, describe, it } from "vitest";
import { dropTable, keysOf, namesIn, postgresUrl, redisUrl, unlinkNamespace } from "./support/services.ts";

interface Place {
  readonly make: (options: KeyvStoreOptions) => KeyvStorage;
  /** Of all its records. */
  readonly names: () => Promise<readonly string[]> | readonly string[];
  readonly alone?: boolean;
}

/** One process may write, so there is no second node; the other parts of a storage come from elsewhere. */
function conformance(place: () => Place, random: ConformanceOptions["random"] = {}): void {
  storageConformance({
    create: async (options) => {
      const { make, names, alone = false } = place();
      const clock = manualClock();
      let { sessions } = make({ ...options, clock });
      return {
        storage: { sessions },
        alone,
        advance: (ms) => clock.advance(ms),
        restart: async () => {
          await sessions.close();
          ({ sessions } = make({ ...options, clock }));
          return { sessions };
        },
        left: async (owner) => {
          const part = `.${Buffer.from(owner).toString("base64url")}`;
          return (await names()).filter((name) => (alone ? !name.endsWith(".check") : name.includes(part)));
        },
        close: () => sessions.close(),
      };
    },
    runner: { describe, it, skip: it.skip },
    parts: ["sessions"],
    random,
  });
}

describe("a Keyv on a Map", () => {
  const onMap = () => {
    const map = new Map<string, unknown>();
    return {
      make: (options: KeyvStoreOptions) => keyv(new Keyv(map), options),
      names: () => [...map.keys()],
      alone: true,
    };
  };
  conformance(onMap, { runs: 50 });
});

const redis = await redisUrl();
describe.skipIf(redis === undefined)("@keyv/redis", () => {
  if (redis === undefined) return;
  const namespace = `parlor-test-${randomUUID()}`;
  afterAll(() => unlinkNamespace(redis, namespace));
  conformance(() => ({
    make: (options) => keyvRedis(redis, { ...options, namespace }),
    names: () => namesIn(redis, namespace),
  }));
});

const postgres = await postgresUrl();
describe.skipIf(postgres === undefined)("@keyv/postgres", () => {
  if (postgres === undefined) return;
  const table = `parlor_keyv_${randomUUID().replaceAll("-", "")}`;
  afterAll(() => dropTable(postgres, table));
  conformance(
    () => ({
      // Writes of a session wait for one another, and each of them for a disk that is not ours alone.
      make: (options) => keyvPostgres(postgres, { ...options, table, timeoutMs: 10_000 }),
      names: () => keysOf(postgres, table),
    }),
    { runs: 4 },
  );
});
