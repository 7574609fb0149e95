import { storageConformance } from "@parlor/testkit/storage";
import { afterAll, describe, it } from "vitest";
import { postgres } from "../src/index.ts";
import { testDatabase } from "./support/database.ts";

const database = await testDatabase();

describe.skipIf(database === undefined)("conformance", () => {
  if (!database) return;
  const { url, schema, drop } = database;
  afterAll(drop);

  storageConformance({
    create: async (options) => {
      const [one, other] = [postgres({ url, schema, ...options }), postgres({ url, schema, ...options })];
      return {
        storage: one,
        peer: other,
        advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        close: async () => {
          await one.bus.close();
          await other.bus.close();
        },
      };
    },
    // Time really passes here, so several cases wait at once.
    beat: 250,
    runner: { describe: describe.concurrent, it, skip: it.skip },
  });
});
