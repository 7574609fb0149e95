import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { root } from "./markdown.ts";

const attacks = Array.from({ length: 44 }, (_, index) => `T${index + 1}`);

/** Files whose tests are named after an attack, by its number. */
function tried(): Map<string, Set<string>> {
  const files = globSync("{packages,scripts}/**/{test,testkit/src}/**/*.ts", {
    cwd: fileURLToPath(root),
    exclude: (path) => /(?:^|\/)(?:node_modules|dist|broken)$/.test(path),
  });
  const found = new Map<string, Set<string>>();
  for (const file of files) {
    const text = readFileSync(new URL(file, root), "utf8");
    for (const [, numbers = ""] of text.matchAll(/["'`](T\d+(?:, T\d+)*): /g)) {
      for (const number of numbers.split(", ")) found.set(number, (found.get(number) ?? new Set()).add(file));
    }
  }
  return found;
}

test("docs/security.md has a row for every attack, with the tests named after it, and no others", () => {
  const page = readFileSync(new URL("docs/security.md", root), "utf8");
  const rows = [...page.matchAll(/^\| (T\d+) \| .* \| .* \| (.*) \|$/gm)].map(([, number = "", tests = ""]) => ({
    number,
    files: [...tests.matchAll(/\]\(\.\.\/(.*?)\)/g)].map(([, file = ""]) => file).toSorted(),
  }));
  const found = tried();
  expect(rows.map(({ number }) => number)).toEqual(attacks);
  expect([...found.keys()].filter((number) => !attacks.includes(number))).toEqual([]);
  for (const { number, files } of rows) {
    expect({ number, files }).toEqual({
      number,
      files: [...(found.get(number) ?? ["a test named after it"])].toSorted(),
    });
  }
});
