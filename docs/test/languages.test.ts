import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { blocks, pages, root } from "./markdown.ts";
import { run } from "./run.ts";

const all = blocks();
const inLanguage = (wanted: string) => all.filter(({ language }) => language === wanted);
const manifest = (path: string) =>
  JSON.parse(readFileSync(new URL(path, root), "utf8")) as { scripts: object; bin?: object };

test("every block is in a language that a test reads, and names it", () => {
  const read = ["ts", "ts client", "js", "sh", "sh curl", "json", ""];
  expect(all.filter(({ language }) => !read.includes(language))).toEqual([]);
  expect(inLanguage("ts client")).toHaveLength(1);
  // What has no language is a frame, a request or a drawing.
  expect(inLanguage("").filter(({ code }) => /^\s*(?:import|export|const|await|curl|np[mx]) /m.test(code))).toEqual([]);
});

test.for(pages())("%s has no block that is fenced otherwise", (page) => {
  const fences = readFileSync(new URL(page, root), "utf8").match(/^.*(?:```|~~~).*$/gm) ?? [];
  expect(fences.filter((line) => !/^```[^`]*$/.test(line))).toEqual([]);
  expect(fences).toHaveLength(2 * all.filter(({ at }) => at.startsWith(`${page}:`)).length);
});

test.for(inLanguage("json"))("$at is JSON", ({ code }) => {
  expect(JSON.parse(code)).toBeTypeOf("object");
});

test.for([...inLanguage("sh"), ...inLanguage("sh curl")])(
  "$at is a script of commands that exist",
  async ({ code }) => {
    expect(await run("sh", ["-nc", code])).toEqual({ code: 0, output: "" });
    const manifests = globSync("packages/{*,*/*}/package.json", { cwd: fileURLToPath(root) }).map(manifest);
    const programs = manifests.flatMap(({ bin }) => Object.keys(bin ?? {}));
    for (const [, program] of code.matchAll(/\bnpx (\S+)/g)) expect([...programs, "pnpm@12.21.0"]).toContain(program);
    const { scripts } = manifest("package.json");
    for (const [, name] of code.matchAll(/\bnpm run (\S+)/g)) expect(Object.keys(scripts)).toContain(name);
  },
);
