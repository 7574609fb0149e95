import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { connect, contentOf, type SocketClient } from "@parlor/testkit/http";
import { fakeAnthropic, text as block } from "@parlor/testkit/anthropic";
import { fakeGoogle, text as part } from "@parlor/testkit/google";
import { done, fakeInference, tokens } from "@parlor/testkit/inference";
import { fakeOpenAI, text } from "@parlor/testkit/openai";
import { beforeAll, expect, test, vi } from "vitest";
import { query, testDatabase } from "../../packages/stores/postgres/test/support/database.ts";
import { canStartServers, servers } from "../../packages/stores/redis/test/support/server.ts";
import { blocks, links, root } from "./markdown.ts";
import { freePort, run, start } from "./run.ts";

const snippets = blocks().filter(({ language }) => language === "ts");
const generated = new URL("generated/", import.meta.url);

/** Where the snippets of stores keep things: a server and a database for these tests alone, where this machine can have them. */
const stores: { REDIS_URL?: string; DATABASE_URL?: string } = {};
const startRedis = servers();

beforeAll(async () => {
  if (canStartServers) stores.REDIS_URL = (await startRedis()).url;
  const shared = await testDatabase();
  if (shared === undefined) return undefined;
  await query(shared.url, `create database "${shared.schema}"`);
  stores.DATABASE_URL = new URL(shared.schema, shared.url).href;
  return async () => void (await query(shared.url, `drop database "${shared.schema}" with (force)`));
});

interface Providers {
  readonly openai: string;
  readonly anthropic: string;
  readonly google: string;
}

/** The snippet as it stands, but for the provider's address and the port. */
function write(name: string, code: string, providers: Providers, port: number): string {
  mkdirSync(generated, { recursive: true });
  const file = fileURLToPath(new URL(`${name.replaceAll(/\W/g, "-")}.ts`, generated));
  writeFileSync(
    file,
    code
      .replaceAll(
        /\b(openai|groq)\(\{ model: "[^"]+"(?!, baseURL)/g,
        (call) => `${call}, baseURL: "${providers.openai}"`,
      )
      .replaceAll(
        /\banthropic\(\{ model: "[^"]+"/g,
        (call) => `${call}, baseURL: "${providers.anthropic}", apiKey: "test-key"`,
      )
      .replaceAll(
        /\bgoogle\(\{ model: "[^"]+"/g,
        (call) => `${call}, baseURL: "${providers.google}", apiKey: "test-key"`,
      )
      .replaceAll(/getGenerativeModel\(\{[^}]*\}/g, (call) => `${call}, { baseUrl: "${providers.google}" }`)
      .replace('sqlite("chat.db")', 'sqlite(":memory:")')
      .replace("listen(3000)", `listen(${port}, () => console.log("up"))`)
      .replace("port: 3000 })", `port: ${port} }, () => console.log("up"))`),
  );
  return file;
}

async function expectAnswer(ask: (url: string, init: RequestInit) => Promise<Response>, host: string): Promise<void> {
  const response = await ask(`${host}/ai/api/v1/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-user": "ada" },
    body: JSON.stringify({ message: "Hi", session_id: "s1" }),
  });
  expect(await response.json()).toMatchObject({ message: "Hello from the model.", session_id: "s1" });
}

async function expectFrames(url: string): Promise<void> {
  const client = (await connect(url, { as: null, headers: { "x-user": "ada" } })) as SocketClient;
  client.send({ message: "Hi", session_id: "s2" });
  expect(contentOf(await client.turn())).toBe("Hello from the model.");
  client.webSocket.terminate();
}

test("the README shows how to embed and how to do without HTTP", () => {
  expect(snippets.filter(({ at }) => at.startsWith("README.md"))).toHaveLength(2);
});

test("every snippet agrees with the types of what it imports", { timeout: 60_000 }, async () => {
  const folder = new URL("types/", generated);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const settings = { extends: "../../../../tsconfig.test.json", include: ["."], exclude: [] };
  writeFileSync(new URL("tsconfig.json", folder), JSON.stringify(settings));
  for (const { at, language, code } of blocks())
    if (/^ts\b/.test(language)) writeFileSync(new URL(`${at.replaceAll(/\W/g, "-")}.ts`, folder), code);
  const compiler = fileURLToPath(new URL("node_modules/.bin/tsc", root));
  expect(await run(compiler, ["-p", fileURLToPath(folder)])).toEqual({ code: 0, output: "" });
});

test.for(snippets)("$at runs", async ({ at, code }, { skip }) => {
  for (const name of ["REDIS_URL", "DATABASE_URL"] as const)
    skip(code.includes(name) && stores[name] === undefined, `there is no server for ${name}`);
  const words = ["Hello", " from", " the", " model."];
  const provider = await fakeOpenAI({ reply: { steps: text(...words) } });
  const messages = await fakeAnthropic({ reply: { steps: [block(...words)] } });
  const gemini = await fakeGoogle({ reply: { steps: part(...words) } });
  const service = await fakeInference({ reply: { records: [...tokens(...words), done] } });
  const port = await freePort();
  const file = write(at, code, { openai: provider.url, anthropic: messages.url, google: gemini.url }, port);
  const env = {
    OPENAI_API_KEY: "test-key",
    GOOGLE_API_KEY: "test-key",
    INFERENCE_SERVICE_URL: service.url,
    INTERNAL_API_KEY: "test-key",
    ...stores,
  };
  if (code.includes("3000")) {
    const app = await start(file, /up/, env);
    await expectAnswer(fetch, `http://127.0.0.1:${port}`);
    if (at.startsWith("docs/embedding.md") && !code.includes("docsUi"))
      await expectFrames(`http://127.0.0.1:${port}/ai`);
    await app.stop();
  } else if (code.includes("export default")) {
    vi.stubEnv("OPENAI_API_KEY", "test-key");
    const app = (await import(file)) as { default: { fetch(request: Request): Promise<Response> } };
    await expectAnswer((url, init) => app.default.fetch(new Request(url, init)), "http://localhost");
    vi.unstubAllEnvs();
  } else {
    const { code: exit, output } = await run(process.execPath, [file], env);
    expect(output).toContain("Hello from the model.");
    expect(exit).toBe(0);
  }
  await Promise.all([provider.close(), messages.close(), gemini.close(), service.close()]);
});

test.for(links())("$page links to $target, which is there", ({ page, target }) => {
  expect(existsSync(new URL(target, new URL(page, root)))).toBe(true);
});
