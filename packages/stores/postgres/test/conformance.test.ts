import { storageConformance } from "@parlor/testkit/storage";
import { afterAll, describe, it } from "vitest";
import { postgres } from "../src/index.ts";
import { query, rowsOf, testDatabase } from "./support/database.ts";

const database = await testDatabase();

describe.skipIf(database === undefined)("conformance", () => {
  if (!database) return;
  const { url, schema, drop } = database;
  afterAll(async () => {
    await drop();
    await query(url, `drop schema if exists "${schema}_ttl" cascade`);
  });

  storageConformance({
    create: async (options) => {
      // Whose sessions run out, all of its schema's do.
      const settings = {
        url,
        schema: options.ttlMs ? `${schema}_ttl` : schema,
        sweepMs: 100,
        // Five cases at once, two nodes each, on a server that others use, too.
        maxConnections: 8,
        timeoutMs: 10_000,
        ...options,
      };
      const [one, other] = [postgres(settings), postgres(settings)];
      return {
        storage: one,
        peer: other,
        advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        left: (owner) => rowsOf(url, settings.schema, owner),
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
