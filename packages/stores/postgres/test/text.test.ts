import fc from "fast-check";
import { expect, test } from "vitest";
import { fromText, toText } from "../src/text.ts";

/** Any UTF-16 there is, with what needs an escape more often than chance gives. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom("\\", "\0", "0", "u", "d800", "\ud800", "\udc00", "\u{1f600}"),
      fc.string({ unit: "binary" }),
    ),
  )
  .map((pieces) => pieces.join(""));

test("any text comes back, and is text that PostgreSQL takes", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const stored = toText(text);
      expect(stored.isWellFormed() && !stored.includes("\0")).toBe(true);
      expect(fromText(stored)).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test("ordinary text is stored as it is", () => {
  for (const text of ["", "ada", "\u{1f600} \u2028 é", "a/b:c"]) expect(toText(text)).toBe(text);
});

test("what looks like an escape is none", () => {
  for (const text of ["\\0", "\\ud800", "\\\\", "\\", "\\u"]) expect(fromText(toText(text))).toBe(text);
});
