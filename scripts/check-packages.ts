import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Checks what would be published: packs every public package, lints the tarballs, installs them together in a fresh app and
 * imports every export under the Node that runs this. Needs a build. One line each; exit code 1 when something is wrong.
 */

interface Packed {
  readonly name: string;
  readonly filename: string;
}

interface Manifest {
  readonly private?: boolean;
  readonly version: string;
  readonly exports: Record<string, unknown>;
  readonly bin?: Record<string, string>;
}

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "parlor-packed-"));
const app = join(folder, "app");
let passed = 0;
let failed = 0;

function run(command: string, args: readonly string[], cwd = root): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const node = (...args: string[]) => run(process.execPath, args, app);
const tool = (name: string, ...args: string[]) => run(join(root, "node_modules/.bin", name), args);
const pnpm = (command: string, cwd?: string) =>
  run("npx", ["--yes", "--prefer-offline", "-p", "pnpm@12.21.0", "-c", `pnpm ${command}`], cwd);

const manifestOf = (name: string) =>
  JSON.parse(readFileSync(join(app, "node_modules", name, "package.json"), "utf8")) as Manifest;

async function check(what: string, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
    passed += 1;
    console.log(`ok ${what}`);
  } catch (error) {
    failed += 1;
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string };
    console.log(`failed ${what}\n${stdout || stderr ? `${stdout}${stderr}` : message}`);
  }
}

/** A fresh app whose only dependencies are the tarballs; they resolve one another. */
function install(packages: readonly Packed[]): void {
  const files = Object.fromEntries(packages.map(({ name, filename }) => [name, `file:${filename}`]));
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), JSON.stringify({ private: true, type: "module", dependencies: files }));
  const settings = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8").replace(/^packages:\n( .*\n)+/, "");
  writeFileSync(join(app, "pnpm-workspace.yaml"), `${settings}\noverrides: ${JSON.stringify(files)}\n`);
  pnpm("install --prefer-offline --silent", app);
}

function checkFiles(name: string): void {
  const directory = join(app, "node_modules", name);
  for (const file of ["README.md", "LICENSE"])
    if (!existsSync(join(directory, file))) throw new Error(`${file} is missing`);
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) => /\.(js|ts)$/.test(file));
  const sources = files.filter((file) => /(?<!\.d)\.ts$|^src\//.test(file));
  if (files.length === 0 || sources.length > 0) throw new Error(`dist is empty, or holds source: ${sources.join(" ")}`);
  const inside = files.filter((file) => /@parlor\/[\w-]+\/src\b/.test(readFileSync(join(directory, file), "utf8")));
  if (inside.length > 0) throw new Error(`imports another package's source: ${inside.join(" ")}`);
}

function importAll(name: string): void {
  const entries = Object.keys(manifestOf(name).exports).map((entry) => join(name, entry));
  const program = entries.map((entry) => {
    const attributes = entry.endsWith(".json") ? `, { with: { type: "json" } }` : "";
    return `if (Object.keys(await import(${JSON.stringify(entry)}${attributes})).length === 0) throw new Error("${entry} exports nothing");`;
  });
  writeFileSync(join(app, "import.js"), program.join("\n"));
  node("import.js");
}

function runBin(name: string): void {
  const { bin = {}, version } = manifestOf(name);
  for (const [command, file] of Object.entries(bin)) {
    const printed = node(join("node_modules", name, file), "--version").trim();
    if (printed !== version) throw new Error(`${command} --version printed '${printed}'`);
  }
}

/** Swagger UI and ReDoc come out of the tarball of @parlor/docs-ui, the chat page out of parlor's: nothing else has them here. */
async function loadPages(origin: string): Promise<void> {
  for (const page of ["/", "/docs", "/redoc"]) {
    const html = await (await fetch(origin + page, { headers: { accept: "text/html" } })).text();
    const files = [...html.matchAll(/(?:src|href)="(\/(?:docs|page)\/[^"]+)"/g)].map(([, file]) => file);
    if (files.length === 0) throw new Error(`${page} loads nothing: ${html}`);
    for (const file of files) {
      const { status } = await fetch(origin + file);
      if (status !== 200) throw new Error(`${file} of ${page} is a ${status}`);
    }
  }
}

/** The published command, from its own tarball, makes and loads its model and answers. */
async function serveOnce(): Promise<void> {
  const env = { PATH: process.env["PATH"], PORT: "0" };
  const server = spawn(process.execPath, ["node_modules/parlor/dist/cli.js"], {
    cwd: app,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let printed = "";
    for await (const text of server.stdout.setEncoding("utf8") as AsyncIterable<string>) {
      printed += text;
      const [url] = /http:[^"]*\/chat\/stream[^"]*/.exec(printed) ?? [];
      if (url === undefined) continue;
      const answer = await (await fetch(url)).text();
      if (!answer.includes("event: done")) throw new Error(`it answered: ${answer}`);
      await loadPages(new URL(url).origin);
      return;
    }
    throw new Error(`it ended: ${printed}`);
  } finally {
    server.kill("SIGKILL");
  }
}

try {
  const all = JSON.parse(pnpm(`-r pack --json --pack-destination ${folder}`)) as Packed[];
  const folders = JSON.parse(pnpm("-r ls --json --depth -1")) as { name: string; private?: boolean }[];
  const packages = all.filter(({ name }) => !folders.find((member) => member.name === name)?.private);
  for (const { name, filename } of packages) {
    await check(`${name}: publint`, () => void tool("publint", "run", "--strict", filename));
    await check(`${name}: attw`, () => void tool("attw", "--profile", "esm-only", filename));
  }
  await check("all tarballs install together", () => install(packages));
  for (const { name } of existsSync(app) ? packages : []) {
    await check(`${name}: has its README and licence, and no source`, () => checkFiles(name));
    await check(`${name}: every export imports`, () => importAll(name));
    if (manifestOf(name).bin) await check(`${name}: commands run`, () => runBin(name));
  }
  await check("the packed server answers and shows its pages", serveOnce);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
