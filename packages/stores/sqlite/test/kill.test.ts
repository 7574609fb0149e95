import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { type Player, players } from "./support/process.ts";
import { key } from "./support/samples.ts";

const file = temporaryFiles();
const start = players();

/** Of each kind; two processes at a time, so that one may die while the other writes. PARLOR_TEST_ROUNDS=30 is what a release is judged by. */
const rounds = Number(process.env["PARLOR_TEST_ROUNDS"] ?? 8);
const atOnce = 2;

const told = (player: Player, kind: string) =>
  player.heard.flatMap((notice) => (notice.kind === kind ? [notice.value] : []));

function isSound(path: string): void {
  const database = new DatabaseSync(path);
  expect(database.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  expect(database.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  database.close();
}

it.each(["power", "process"])(
  "a process that is killed at any moment loses nothing that it said was stored (%s)",
  async (durability) => {
    const path = file();
    const stored: unknown[] = [];
    const settled: unknown[] = [];
    for (let round = 0; round < rounds; round++) {
      const players = Array.from({ length: atOnce }, () => start("write", [path, durability]));
      await Promise.all(players.map((player) => player.says("stored")));
      // Anywhere in a write, or between two.
      await sleep(Math.random() * 20);
      await Promise.all(players.map((player) => player.end("SIGKILL")));
      isSound(path);
      stored.push(...players.flatMap((player) => told(player, "stored")));
      settled.push(...players.flatMap((player) => told(player, "settled")));
    }
    const storage = sqlite(path);
    const messages = (await storage.sessions.messages(key, { limit: 1_000_000 })) ?? [];
    const ids = new Set(messages.map(({ id }) => id));
    expect(stored.filter((id) => !ids.has(id as string))).toEqual([]);
    const complete = new Set(messages.flatMap(({ id, status }) => (status === "complete" ? [id] : [])));
    expect(settled.filter((id) => !complete.has(id as string))).toEqual([]);
    expect(stored.length).toBeGreaterThanOrEqual(rounds * atOnce);
    expect(await storage.sessions.stats()).toEqual({ sessions: 1, messages: messages.length });
    await storage.sessions.close();
  },
  20_000 + rounds * 5_000,
);
