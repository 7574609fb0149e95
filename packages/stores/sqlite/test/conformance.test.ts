import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "@parlor/core/testing";
import { sqlite } from "@parlor/sqlite";
import { storageConformance } from "@parlor/testkit/storage";
import { afterAll, beforeAll, describe, it } from "vitest";
import { rowsOf } from "./support/files.ts";

const runner = { describe, it, skip: it.skip };

describe("a file that two connections share", () => {
  let directory: string;
  let files = 0;
  beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "parlor-sqlite-"))));
  afterAll(() => rmSync(directory, { recursive: true }));

  storageConformance({
    create: async (options) => {
      const clock = manualClock();
      const path = join(directory, `${files++}.db`);
      const [storage, peer] = [sqlite(path, { ...options, clock }), sqlite(path, { ...options, clock })];
      return {
        storage,
        peer,
        alone: true,
        advance: (ms) => clock.advance(ms),
        left: async (owner) => rowsOf(path, owner),
        close: async () => void (await Promise.all([storage.sessions.close(), peer.sessions.close()])),
      };
    },
    runner,
    random: { runs: 40 },
  });
});

describe("in memory", () => {
  storageConformance({
    create: async (options) => {
      const clock = manualClock();
      const storage = sqlite(":memory:", { ...options, clock });
      return { storage, alone: true, advance: (ms) => clock.advance(ms), close: () => storage.sessions.close() };
    },
    runner,
    random: { runs: 40 },
  });
});
