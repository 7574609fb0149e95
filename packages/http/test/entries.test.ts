import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, test } from "vitest";

const source = resolve(import.meta.dirname, "../src");

/** What a module imports, types left out; with `import()` too, for bundlers follow it. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const statements = text.matchAll(/^(?:import|export)\b(?! type\b)[^;]*?\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/gm);
  return [...statements].map(([, fixed, lazy]) => fixed ?? lazy ?? "");
}

/** Everything outside that an entry reaches. */
function packagesOf(entry: string): Set<string> {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const target of importsOf(file)) {
      if (target.startsWith(".")) visit(resolve(dirname(file), target));
      else packages.add(target);
    }
  };
  visit(resolve(source, entry));
  return packages;
}

test("what fetch runtimes import needs neither Node nor native code", () => {
  for (const entry of ["index.ts", "fetch/index.ts"]) {
    expect([...packagesOf(entry)].filter((name) => !["@parlor/core", "jose", "zod"].includes(name))).toEqual([]);
  }
});

test("bcrypt comes with accounts only, and ws with Node's entry only", () => {
  expect(packagesOf("accounts/index.ts")).toContain("@node-rs/bcrypt");
  expect(packagesOf("accounts/index.ts")).not.toContain("ws");
  expect(packagesOf("node/index.ts")).not.toContain("@node-rs/bcrypt");
});
