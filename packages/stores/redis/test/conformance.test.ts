import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { redis } from "@parlor/redis";
import { storageConformance } from "@parlor/testkit/storage";
import { afterAll, describe, it } from "vitest";
import { deleteKeys, keysOf, sharedServer } from "./support/shared.ts";

const url = await sharedServer();
const prefix = `parlor-test-${randomUUID()}:`;

describe.skipIf(url === undefined)("conformance", () => {
  afterAll(() => deleteKeys(url ?? "", prefix));

  storageConformance({
    create: async (options) => {
      const settings = { ...options, url: url ?? "", prefix };
      const [storage, peer] = [redis(settings), redis(settings)];
      return {
        storage,
        peer,
        advance: (ms) => pause(ms),
        left: (owner) => keysOf(settings.url, `${prefix}{${Buffer.from(owner).toString("base64url")}}`),
        close: async () => {
          await Promise.all([...Object.values(storage), ...Object.values(peer)].map((part) => part.close()));
        },
      };
    },
    // Cases keep to names of their own, so those that wait for time to pass can wait side by side.
    runner: { describe, it: it.concurrent, skip: it.skip },
    beat: 250,
  });
});
