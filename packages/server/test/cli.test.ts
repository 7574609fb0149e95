import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { version } from "../src/version.ts";
import { emptyFolder, runCli, urlOf } from "./support/cli.ts";
import { fakeModel } from "./support/serve.ts";

/** Runs it where it cannot start: nothing on stdout, exit code 1, and what it says on stderr. */
async function refusal(variables: Record<string, string>, args: readonly string[] = []): Promise<string> {
  const cli = runCli(variables, args);
  expect(await cli.exited).toBe(1);
  expect(cli.output.stdout).toBe("");
  return cli.output.stderr;
}

async function printed(...args: string[]): Promise<string> {
  const cli = runCli({}, args);
  expect(await cli.exited).toBe(0);
  expect(cli.output.stderr).toBe("");
  return cli.output.stdout;
}

test("--version and --help", async () => {
  const [number, help, short] = await Promise.all([printed("--version"), printed("--help"), printed("-h")]);
  expect(number).toBe(`${version}\n`);
  expect(help).toMatch(/^parlor .*\n\nUsage: parlor/);
  expect(short).toBe(help);
});

test("an argument it does not know is refused without being repeated", async () => {
  expect(await refusal({}, ["--port", "sk-canary"])).toBe("parlor: unknown argument; see parlor --help\n");
});

test("every bad value is named, one line each, and none is shown", async () => {
  const text = await refusal({
    PORT: "canary-1",
    TOP_P: "canary-2",
    OPENAI_API_KEY: "canary 3",
    REDIS_URL: "canary-4",
  });
  expect(text.split("\n").map((line) => line.split(" ")[1])).toEqual([
    "OPENAI_API_KEY",
    "TOP_P",
    "PORT",
    "REDIS_URL",
    undefined,
  ]);
  expect(text).not.toContain("canary");
});

test("a type without its key, production without protection", async () => {
  expect(await refusal({ MODEL_TYPE: "openai" })).toBe("parlor: OPENAI_API_KEY must be set for openai\n");
  const compatible = { OPENAI_BASE_URL: "https://api.openai.com/v1", MODEL_NAME: "gpt-5-mini" };
  expect(await refusal(compatible)).toBe(
    "parlor: OPENAI_API_KEY must be set for openai_compatible: api.openai.com needs a key\n",
  );
  const weak = await refusal({ ENVIRONMENT: "production", API_TOKEN: "canary", DEFAULT_ADMIN_PASSWORD: "admin123" });
  expect(weak.match(/^parlor: [A-Z_]+/gm)).toEqual([
    "parlor: SECRET_KEY",
    "parlor: DEFAULT_ADMIN_PASSWORD",
    "parlor: API_KEY",
  ]);
  expect(weak).not.toMatch(/canary|admin123/);
});

test("a model that is not there, or is none", async () => {
  const file = join(emptyFolder(), "notes.gguf");
  writeFileSync(file, "Remember the milk.");
  const [missing, wrong] = await Promise.all([refusal({ MODEL_PATH: `${file}.gone` }), refusal({ MODEL_PATH: file })]);
  expect(missing).toMatch(/^parlor: [^\n]*notes\.gguf\.gone[^\n]*\n$/);
  expect(wrong).toMatch(/^parlor: [^\n]*notes\.gguf[^\n]*\n$/);
});

test("a taken port, a foreign host, a log file that cannot be", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const file = join(emptyFolder(), "file");
  writeFileSync(file, "");
  const log = join(file, "log");
  const model = { OPENAI_API_KEY: "key" };
  const [taken, foreign, unwritable] = await Promise.all([
    refusal({ ...model, PORT: String(port) }),
    refusal({ ...model, PORT: "0", HOST: "192.0.2.1" }),
    refusal({ ...model, PORT: "0", LOG_FILE: log }),
  ]);
  expect(taken).toBe(`parlor: PORT ${port} on 127.0.0.1 is taken by another program; set PORT to another one\n`);
  expect(foreign).toBe("parlor: HOST 192.0.2.1 is no address of this machine\n");
  expect(unwritable).toBe(`parlor: LOG_FILE: ${log} cannot be written\n`);
});

test("an address of the whole network is served on request, and the start says what that means", async () => {
  const { variables } = await fakeModel();
  const cli = runCli({ ...variables, HOST: "0.0.0.0", MAX_CACHE_SIZE: "9" });
  const url = await urlOf(cli);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect((await fetch(`${url}/status`)).status).toBe(200);
  expect(cli.output.stdout).toMatch(/listens on every interface of this machine, and nothing asks for credentials/);
  expect(cli.output.stdout).toContain(
    "note     MAX_CACHE_SIZE is set, but it bounds memory only (SQLITE_PATH=:memory:)\n",
  );
});

test(".env is read, and the environment wins over it", async () => {
  const { fake } = await fakeModel();
  const folder = emptyFolder();
  writeFileSync(
    join(folder, ".env"),
    `# local\nPORT=0\nMODEL_NAME="from the file"\nOPENAI_API_KEY=key-of-the-file\nOPENAI_BASE_URL=${fake.url}\n`,
  );
  const cli = runCli({ MODEL_NAME: "from-the-environment" }, [], folder);
  const url = await urlOf(cli);
  const body = JSON.stringify({ message: "Hello", session_id: "s" });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/api/v1/chat`, { method: "POST", headers, body });
  expect(await response.json()).toMatchObject({ message: "Hello from the fake.", model_name: "from-the-environment" });
  expect(fake.requests[0]?.headers.authorization).toBe("Bearer key-of-the-file");
});
