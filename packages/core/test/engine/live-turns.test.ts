import { expect, test } from "vitest";
import type { LiveTurn } from "../../src/engine/live-turn.ts";
import { LiveTurns } from "../../src/engine/live-turns.ts";

const turn = (id: string) => ({ id }) as LiveTurn;

test("each turn is found by its id and leaves alone, whatever its id ends with", () => {
  const ids = ["a", "b", "", "aa", "xaa", "yaa", "0123", ...Array.from({ length: 2_000 }, (_, at) => at.toString(36))];
  const turns = [...new Set(ids)].map(turn);
  const live = new LiveTurns();
  for (const one of turns) live.add(one);
  expect(live.size).toBe(turns.length);
  expect(new Set(live.all())).toEqual(new Set(turns));
  for (const [at, one] of turns.entries()) {
    expect(live.get(one.id)).toBe(one);
    live.delete(one);
    live.delete(one);
    expect(live.get(one.id)).toBeUndefined();
    expect(live.size).toBe(turns.length - at - 1);
  }
  expect(live.all()).toEqual([]);
});
