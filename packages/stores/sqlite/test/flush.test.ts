import { DatabaseSync } from "node:sqlite";
import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { sqlite, type SqliteOptions } from "@parlor/sqlite";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { key, newTurn, said, textEvent, wide } from "./support/samples.ts";

const file = temporaryFiles();

/** How each write so far reaches the disk: `FULL` is flushed at its end, `NORMAL` with a later one. */
let levels: string[] = [];

interface Statement {
  readonly sourceSQL: string;
  run: (...parameters: unknown[]) => unknown;
}
const statement = Object.getPrototypeOf(new DatabaseSync(":memory:").prepare("SELECT 1")) as Statement;

beforeEach(() => {
  levels = [];
  let level = "";
  const exec = Reflect.get(DatabaseSync.prototype, "exec") as (this: DatabaseSync, sql: string) => void;
  vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
    level = /^PRAGMA synchronous = (\w+)$/.exec(sql)?.[1] ?? level;
    Reflect.apply(exec, this, [sql]);
  });
  const { run } = statement;
  vi.spyOn(statement, "run").mockImplementation(function (this: Statement, ...parameters) {
    if (this.sourceSQL === "BEGIN IMMEDIATE") levels.push(level);
    return Reflect.apply(run, this, parameters);
  });
});
afterEach(() => void vi.restoreAllMocks());

async function levelsOfTurn(options: SqliteOptions): Promise<string[]> {
  const storage = sqlite(file(), options);
  await storage.sessions.create(key, {});
  levels = [];
  const engine = createChatEngine({ backend: scriptedBackend(says("one two three")), storage });
  await engine.send({ owner: key.owner, session: key.id, message: "Question" });
  const ofTurn = [...levels];
  await engine.close();
  return ofTurn;
}

it("what somebody is told to be stored is flushed, twice in a turn; what only matters while the machine is up is not", async () => {
  const [claim, words, end, settled] = ["NORMAL", ["NORMAL", "NORMAL", "NORMAL"], "NORMAL", "NORMAL"];
  const [open, settle] = ["FULL", "FULL"];
  expect(await levelsOfTurn({})).toEqual([claim, open, ...words, end, settle, settled]);
});

it("with durability `process` nothing waits for the disk", async () => {
  expect(new Set(await levelsOfTurn({ durability: "process" }))).toEqual(new Set(["NORMAL"]));
});

it("text that readers have seen waits a second for the disk at most", async () => {
  const storage = sqlite(file());
  const claimed = await storage.turns.claim(key, newTurn("t1"), { leaseMs: 60_000 });
  const claim = claimed.kind === "won" ? claimed.claim : expect.fail("the session is free");
  await storage.sessions.open(key, { append: [said("m1")], window: wide });
  const now = performance.now();
  levels = [];
  for (const [at, ms] of [0, 900, 1_100, 1_200, 2_000, 2_200].entries()) {
    vi.spyOn(performance, "now").mockReturnValue(now + ms);
    await storage.turns.append([{ claim, events: [textEvent(at + 1)] }]);
  }
  expect(levels).toEqual(["NORMAL", "NORMAL", "FULL", "NORMAL", "NORMAL", "FULL"]);
  await storage.sessions.close();
});
