import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { variables } from "../../src/config/variables.ts";

/** The variables in the first column of the tables, with the last column of their row. */
const page = readFileSync(new URL("../../../../docs/configuration.md", import.meta.url), "utf8");
const documented = new Map(
  page.split("\n").flatMap((line) => {
    const [, first = "", ...rest] = line.split("|");
    return [...first.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => [name as string, rest.at(-2) ?? ""] as const);
  }),
);

test("the page names every variable and no other", () => {
  expect([...documented.keys()].toSorted()).toEqual(Object.keys(variables.shape).toSorted());
});

test("the page says what is not built yet", () => {
  const noted = (pattern: RegExp) =>
    [...documented].flatMap(([name, note]) => (pattern.test(note) ? [name] : [])).toSorted();
  expect(noted(/^ not yet( |, stops where it would choose )$/)).toEqual(["MODEL_URI"]);
});
