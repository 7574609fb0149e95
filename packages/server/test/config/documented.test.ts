import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { variables } from "../../src/config/variables.ts";

/** The variables in the first column of the tables. */
const page = readFileSync(new URL("../../../../docs/configuration.md", import.meta.url), "utf8");
const documented = page
  .split("\n")
  .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name as string));

test("the page names every variable and no other", () => {
  expect(documented.toSorted()).toEqual(Object.keys(variables.shape).toSorted());
});
