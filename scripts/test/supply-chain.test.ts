import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

interface Manifest {
  readonly name: string;
  readonly scripts?: { readonly [name: string]: string };
  readonly dependencies?: { readonly [name: string]: string };
  readonly devDependencies?: { readonly [name: string]: string };
}

const root = resolve(import.meta.dirname, "../..");
const groups = ["packages", "packages/adapters", "packages/backends", "packages/stores"];

const manifests = groups
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name, "package.json")))
  .concat(join(root, "package.json"))
  .flatMap((path): Manifest[] => {
    try {
      return [JSON.parse(readFileSync(path, "utf8")) as Manifest];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  });

test("T42: nothing of ours runs when it is installed, and each dependency is one version that was looked at", () => {
  expect(manifests.length).toBeGreaterThan(15);
  const scripts = manifests.flatMap(({ name, scripts: own = {} }) =>
    Object.keys(own).map((script) => `${name} ${script}`),
  );
  expect(scripts.filter((script) => /(?:install|prepare|dependencies)$/.test(script))).toEqual([]);
  const versions = manifests.flatMap(({ name, dependencies = {}, devDependencies = {} }) =>
    Object.entries({ ...dependencies, ...devDependencies }).map(([other, version]) => `${name} ${other} ${version}`),
  );
  expect(
    versions.filter((line) => !/ (?:workspace:\^|(?:npm:[@\w/-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?)$/.test(line)),
  ).toEqual([]);
});

test("T42: what the lock file names is known by its hash, and comes from the registry", () => {
  const lock = readFileSync(join(root, "pnpm-lock.yaml"), "utf8");
  const resolutions = [...lock.matchAll(/^ {4}resolution: (.*)$/gm)].map(([, resolution = ""]) => resolution);
  expect(resolutions.length).toBeGreaterThan(100);
  expect(resolutions.filter((resolution) => !/^\{integrity: sha512-[\w+/=]+\}$/.test(resolution))).toEqual([]);
});
