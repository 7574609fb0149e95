import { existsSync, readFileSync, readdirSync } from "node:fs";
import { defineConfig } from "tsup";

const groups = ["packages", "packages/adapters", "packages/backends", "packages/stores"];
const packages = groups
  .filter((group) => existsSync(group))
  .flatMap((group) => readdirSync(group).map((name) => `${group}/${name}`))
  .filter((path) => existsSync(`${path}/package.json`));

/** JavaScript by tsup, declarations by `tsc -b`: tsup cannot make them with TypeScript 7. */
export default defineConfig(
  packages.flatMap((path) => {
    const manifest = JSON.parse(readFileSync(`${path}/package.json`, "utf8"));
    if (manifest.private) return [];
    const sources = [...Object.values<string>(manifest.exports), ...Object.values<string>(manifest.bin ?? {})];
    const entries = sources.filter((source) => source.endsWith(".ts"));
    return {
      name: manifest.name,
      entry: Object.fromEntries(
        entries.map((source) => [source.replace(/^\.\/src\/|\.ts$/g, ""), `${path}/${source}`]),
      ),
      outDir: `${path}/dist`,
      tsconfig: `${path}/tsconfig.json`,
      format: "esm" as const,
      platform: "node" as const,
      target: "node22.13",
      clean: true,
      dts: false,
      external: [/^@parlor\//],
      skipNodeModulesBundle: true,
      // `node:sqlite` has no name without it.
      removeNodeProtocol: false,
    };
  }),
);
