import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const tree = mkdtempSync(join(tmpdir(), "parlor-lint-"));
const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => `export const n${index} = ${index};\n`).join("");

/** What each file holds, and the rules it breaks; none: the file is in order. */
const files: Record<string, { text: string; breaks: readonly string[] }> = {
  "core/src/cycle-a.ts": {
    text: `export { b } from "./cycle-b.ts"; export const a = 1;`,
    breaks: ["import(no-cycle)"],
  },
  "core/src/cycle-b.ts": {
    text: `export { a } from "./cycle-a.ts"; export const b = 1;`,
    breaks: ["import(no-cycle)"],
  },
  "core/src/type-a.ts": {
    text: `import type { B } from "./type-b.ts"; export interface A { b: B }`,
    breaks: ["import(no-cycle)"],
  },
  "core/src/type-b.ts": {
    text: `import type { A } from "./type-a.ts"; export interface B { a: A }`,
    breaks: ["import(no-cycle)"],
  },
  "core/src/node.ts": {
    text: `export { readFile } from "node:fs/promises"; export { join } from "path";`,
    breaks: ["import(no-nodejs-modules)", "import(no-nodejs-modules)"],
  },
  "core/src/above.ts": { text: `export { x } from "@parlor/http";`, breaks: ["eslint(no-restricted-imports)"] },
  "core/src/contracts/above.ts": {
    text: `export type { x } from "../errors/index.ts";`,
    breaks: ["eslint(no-restricted-imports)"],
  },
  "core/src/contracts/node.ts": {
    text: `export type { Stats } from "node:fs";`,
    breaks: ["import(no-nodejs-modules)"],
  },
  "http/src/above.ts": { text: `export { x } from "@parlor/express";`, breaks: ["eslint(no-restricted-imports)"] },
  "stores/any/src/entry.ts": {
    text: `export { x } from "@parlor/http/node";`,
    breaks: ["eslint(no-restricted-imports)"],
  },
  "http/src/below.ts": { text: `export { x } from "@parlor/core";`, breaks: [] },
  "backends/any/src/across.ts": {
    text: `export type { x } from "@parlor/openai";`,
    breaks: ["eslint(no-restricted-imports)"],
  },
  "stores/any/src/above.ts": { text: `export { x } from "@parlor/http";`, breaks: ["eslint(no-restricted-imports)"] },
  "stores/any/src/below.ts": { text: `export type { x } from "@parlor/core";`, breaks: [] },
  "adapters/any/src/past.ts": { text: `export { x } from "@parlor/core";`, breaks: ["eslint(no-restricted-imports)"] },
  "adapters/any/src/below.ts": { text: `export { x } from "@parlor/http/node";`, breaks: [] },
  "adapters/any/src/long.ts": { text: lines(81), breaks: ["eslint(max-lines)"] },
  "adapters/any/src/short.ts": { text: lines(80), breaks: [] },
  "server/src/long.ts": { text: lines(301), breaks: ["eslint(max-lines)"] },
  "server/test/long.test.ts": { text: lines(301), breaks: ["eslint(max-lines)"] },
  "server/src/short.ts": { text: lines(300), breaks: [] },
  "server/src/floating.ts": {
    text: `export async function f() { return 1; } export function g() { f(); }`,
    breaks: ["typescript(no-floating-promises)"],
  },
  "server/src/any.ts": { text: `export const f = (x: any) => x;`, breaks: ["typescript(no-explicit-any)"] },
};

const broken = new Map<string, string[]>();

beforeAll(() => {
  copyFileSync(join(root, ".oxlintrc.json"), join(tree, ".oxlintrc.json"));
  writeFileSync(
    join(tree, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { strict: true, allowImportingTsExtensions: true, noEmit: true } }),
  );
  for (const [path, { text }] of Object.entries(files)) {
    mkdirSync(join(tree, "packages", dirname(path)), { recursive: true });
    writeFileSync(join(tree, "packages", path), `${text.trimEnd()}\n`);
  }
  const oxlint = join(root, "node_modules/.bin/oxlint");
  const { stdout } = spawnSync(oxlint, ["--type-aware", "--format=json"], { cwd: tree, encoding: "utf8" });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] };
  for (const { filename, code } of diagnostics) {
    const path = filename.replace(/^.*packages\//, "");
    broken.set(path, [...(broken.get(path) ?? []), code]);
  }
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

test.each(Object.entries(files))("%s", (path, { breaks }) => {
  expect(broken.get(path) ?? []).toEqual(breaks);
});

/** What nobody writes by hand: what is installed, built or generated; data; what each release adds to. */
const notWritten =
  /(?:^|\/)(?:node_modules|dist|coverage|generated|CHANGELOG\.md|.*\.(?:json|tsbuildinfo|tgz|db[\w-]*))$/;

test("no file that somebody writes has more than 300 lines, whatever its language and its comments for the linter", () => {
  const written = globSync("{packages,examples,docs,scripts}/**", {
    cwd: root,
    exclude: (path) => notWritten.test(path),
  })
    .map((path) => join(root, path))
    .filter((path) => !notWritten.test(path) && statSync(path, { throwIfNoEntry: false })?.isFile());
  for (const suffix of [".ts", ".tsx", ".js", ".css", ".html", ".md"])
    expect(written.filter((path) => path.endsWith(suffix))).not.toEqual([]);
  expect(written.filter((path) => readFileSync(path, "utf8").trimEnd().split("\n").length > 300)).toEqual([]);
});
