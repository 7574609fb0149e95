import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { NewMessage } from "@parlor/core";
import { sqlite } from "@parlor/sqlite";
import { describe, expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { players } from "./support/process.ts";
import { key, said, wide } from "./support/samples.ts";

const file = temporaryFiles();
const start = players();

const unavailable = (sentence: RegExp) =>
  expect.objectContaining({ code: "store_unavailable", message: expect.stringMatching(sentence) });

describe("opening", () => {
  it("keeps what there was", async () => {
    const path = file();
    const first = sqlite(path);
    await first.sessions.open(key, { append: [said("m1")], window: wide });
    await first.records.put("kind", "id", "value");
    await first.sessions.close();
    const second = sqlite(path);
    expect((await second.sessions.messages(key, { limit: 10 }))?.map(({ id }) => id)).toEqual(["m1"]);
    expect(await second.records.get("kind", "id")).toBe("value");
    await second.sessions.close();
  });

  it("goes on with messages of an earlier release, which counted no media", async () => {
    const path = file();
    const image: NewMessage = {
      ...said("m1"),
      parts: [{ type: "image", url: `data:image/png;base64,${"A".repeat(978)}` }],
    };
    const before = sqlite(path);
    await before.sessions.open(key, { append: [image, said("m2")], window: wide });
    await before.sessions.close();
    const earlier = new DatabaseSync(path);
    expect(
      earlier.prepare("UPDATE messages SET characters = 0 WHERE id = 'm1' AND characters = 250").run().changes,
    ).toBe(1);
    earlier.close();
    const { sessions } = sqlite(path);
    const { window } = await sessions.open(key, { append: [], window: { ...wide, maxCharacters: 20 } });
    expect(window.map(({ id }) => id)).toEqual(["m1", "m2"]);
    expect(window[0]?.parts).toEqual(image.parts);
    await sessions.close();
  });

  it("refuses a path that cannot be", () => {
    expect(() => sqlite("")).toThrow(RangeError);
    expect(() => sqlite(file("no/such/directory/a.db"))).toThrowError(unavailable(/its directory has to exist/));
    mkdirSync(file("directory"));
    expect(() => sqlite(file("directory"))).toThrowError(unavailable(/cannot be opened/));
  });

  it("refuses a file that is no database, and leaves it as it is", () => {
    const path = file();
    writeFileSync(path, "not a database ".repeat(100));
    expect(() => sqlite(path)).toThrowError(unavailable(/not an SQLite database/));
    expect(readFileSync(path, "utf8")).toBe("not a database ".repeat(100));
  });

  it("refuses another application's database, and leaves it as it is", () => {
    const path = file();
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE accounts (id INTEGER PRIMARY KEY)");
    other.close();
    const before = readFileSync(path);
    expect(() => sqlite(path)).toThrowError(unavailable(/another application/));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("refuses a database of a newer release", async () => {
    const path = file();
    await sqlite(path).sessions.close();
    const newer = new DatabaseSync(path);
    newer.exec("PRAGMA user_version = 99");
    newer.close();
    expect(() => sqlite(path)).toThrowError(unavailable(/version 99, made by a newer release; this one knows 1\b/));
  });

  it("refuses a file that it may not write", async () => {
    const path = file();
    await sqlite(path).sessions.close();
    chmodSync(path, 0o444);
    chmodSync(file("."), 0o755);
    const player = start("open", [path]);
    expect((await player.says("refused")).value).toMatch(/^store_unavailable: The database is read-only/);
  });

  it("refuses options that make no sense", () => {
    for (const bad of [{ timeoutMs: 0 }, { ttlMs: -1 }, { logMs: Number.NaN }, { maxBytes: 0 }]) {
      expect(() => sqlite(":memory:", bad)).toThrow(RangeError);
    }
    expect(() => sqlite(":memory:", { durability: "none" as "power" })).toThrow(RangeError);
  });
});

describe("what it says of itself", () => {
  it("names its durability", async () => {
    const [power, killed, memory] = [sqlite(file()), sqlite(file(), { durability: "process" }), sqlite(":memory:")];
    expect(power.sessions.info).toEqual({ name: "sqlite", durability: "power", concurrentWriters: true });
    expect(killed.turns.info.durability).toBe("process");
    expect(memory.bus.info).toEqual({ name: "sqlite", durability: "none", concurrentWriters: false });
    for (const storage of [power, killed, memory]) await storage.sessions.close();
  });

  it("is unavailable once it is closed, which any part may do, twice", async () => {
    const storage = sqlite(file());
    await storage.bus.subscribe("topic", () => {});
    await Promise.all([storage.limits.close(), storage.sessions.close()]);
    await storage.turns.close();
    const closed = { code: "store_unavailable", message: "The database has been closed." };
    await expect(storage.sessions.get(key)).rejects.toMatchObject(closed);
    await expect(storage.sessions.create(key, {})).rejects.toMatchObject(closed);
    await expect(storage.records.ping(AbortSignal.timeout(1_000))).rejects.toMatchObject(closed);
    await expect(Promise.resolve(storage.turns.append([]))).rejects.toMatchObject(closed);
  });

  it.skipIf(process.platform === "win32")("makes files that only their owner may read", async () => {
    const path = file();
    const storage = sqlite(path);
    await storage.sessions.create(key, {});
    const modes = [path, `${path}-wal`, `${path}-shm`].map((name) => statSync(name).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    await storage.sessions.close();
  });

  it("leaves one file behind, complete by itself", async () => {
    const path = file();
    const storage = sqlite(path);
    await storage.sessions.open(key, { append: [said("m1")], window: wide });
    await storage.sessions.close();
    expect(() => readFileSync(`${path}-wal`)).toThrow(/ENOENT/);
    const copy = file();
    writeFileSync(copy, readFileSync(path));
    const other = sqlite(copy);
    expect(await other.sessions.message(key, "m1")).toMatchObject(said("m1"));
    await other.sessions.close();
  });
});
