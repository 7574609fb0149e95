import fc from "fast-check";
import { expect, test } from "vitest";
import { isoTime } from "../src/index.ts";

test("times read as Date writes them, in whatever order they come", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});
