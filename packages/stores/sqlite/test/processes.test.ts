import { sqlite } from "@parlor/sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/files.ts";
import { players } from "./support/process.ts";
import { key, times } from "./support/samples.ts";

const file = temporaryFiles();
const start = players();

interface Got {
  readonly charged: number;
  readonly first: number;
  readonly won: number;
  readonly created: number;
}

it("processes that make one file together and write at once lose nothing and exceed nothing", async () => {
  const path = file();
  const rounds = 40;
  const four = times(4, (at) => start("contend", [path, `p${at}`, `${rounds}`]));
  await Promise.all(four.map((player) => player.says("ready")));
  for (const player of four) player.tell("go");
  const got = await Promise.all(four.map(async (player) => (await player.says("done")).value as Got));

  const sum = (of: keyof Got) => got.reduce((total, one) => total + one[of], 0);
  expect(sum("created"), "one made the session").toBe(1);
  expect(sum("charged"), "exactly the limit").toBe(50);
  expect(sum("first"), "of each record one was first").toBe(rounds);
  expect(sum("won"), "of each claim one was won").toBe(rounds);

  const storage = sqlite(path);
  const stored = await storage.sessions.messages(key, { limit: 1_000 });
  expect(stored?.map(({ id }) => id).toSorted()).toEqual(
    times(4 * rounds, (at) => `p${at % 4}-${Math.floor(at / 4)}`).toSorted(),
  );
  expect(new Set(stored?.map(({ seq }) => seq)).size).toBe(4 * rounds);
  expect(await storage.sessions.stats()).toEqual({ sessions: 1, messages: 4 * rounds });
  await storage.sessions.close();
});
