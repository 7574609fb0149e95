import fc from "fast-check";
import { expect, test } from "vitest";
import { longestSpliced } from "./longest-spliced.ts";
import { SortedList } from "../../src/memory/sorted-list.ts";

const listOf = (items: Iterable<number>) => {
  const list = new SortedList<number, number>((one, other) => one < other);
  for (const item of items) list.add(item);
  return list;
};

test("it holds what was added and not removed, in order, whatever happened", () => {
  const step = fc.record({ from: fc.nat(3_000), count: fc.integer({ min: 1, max: 700 }), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.nat(3_700), (steps, place) => {
      const list = listOf([]);
      const model = new Set<number>();
      for (const { from, count, remove } of steps) {
        for (let item = from; item < from + count; item++) {
          if (remove && model.delete(item)) list.remove(item);
          else if (!remove && !model.has(item)) {
            model.add(item);
            list.add(item);
          }
        }
      }
      const sorted = [...model].toSorted((a, b) => b - a);
      expect([...list.backwards()]).toEqual(sorted);
      expect(list.last).toBe(sorted[0]);
      expect([...list.backwards(place)]).toEqual(sorted.filter((item) => item < place));
    }),
  );
});

test("among a million, adding and removing move no more than a few thousand", async () => {
  const million = 1_000_000;
  const list = listOf(Array.from({ length: million }, (_, at) => at));
  const longest = await longestSpliced(() => {
    // Touched: each moves to the end. Then a crowd between two of them.
    for (let at = 0; at < 5_000; at++) {
      list.remove(at * 190);
      list.add(million + at);
    }
    for (let at = 1; at < 2_000; at++) list.add(1 + at / 2_000);
  });
  expect(longest).toBeLessThan(5_000);
});

test("pieces that have become short are put together", async () => {
  const list = listOf(Array.from({ length: 100_000 }, (_, at) => at));
  for (let item = 0; item < 100_000; item++) if (item % 250 !== 0) list.remove(item);
  const longest = await longestSpliced(() => {
    for (let item = 0; item < 100_000; item += 250) list.add(item + 1);
  });
  expect([...list.backwards()].length).toBe(800);
  expect(longest).toBeLessThan(520);
});
