import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { backendsTable, tableOnPage, tested } from "../backends-table.ts";
import { root } from "./markdown.ts";

test("docs/backends.md has the table of what the backends declare; else run `node docs/backends-table.ts`", () => {
  expect(tableOnPage()).toBe(backendsTable());
});

test.for([...new Set(tested)])("what %s declares is judged by the suite", (path) => {
  expect(readFileSync(new URL(path, root), "utf8")).toMatch(/\b(backendConformance|localBackendConformance)\(/);
});
