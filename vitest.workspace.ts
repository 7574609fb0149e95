import { readdirSync, existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

const groups = ["packages", "packages/adapters", "packages/backends", "packages/stores"];
const packages = groups
  .filter((group) => existsSync(group))
  .flatMap((group) => readdirSync(group).map((name) => `${group}/${name}`))
  .filter((path) => existsSync(`${path}/test`));

/** Vitest does not look for this file by itself: `vitest run --config vitest.workspace.ts`. */
export default defineConfig({
  test: {
    reporters: ["default", "./scripts/summary-reporter.ts"],
    projects: [...packages, "docs", "scripts"]
      .filter((path) => existsSync(`${path}/test`))
      .map((root) => ({
        extends: true as const,
        root,
        test: {
          name: root.replace(/^packages\/(\w+\/)?/, ""),
          include: ["test/**/*.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      })),
  },
});
