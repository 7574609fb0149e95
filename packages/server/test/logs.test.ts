import { readFileSync } from "node:fs";
import { join } from "node:path";
import { failure } from "@parlor/testkit/openai";
import { expect, test } from "vitest";
import { emptyFolder, runCli, urlOf } from "./support/cli.ts";
import { fakeModel } from "./support/serve.ts";

const canary = "canary-7c1e9a";
const key = `sk-${canary}`;

test("T37: no key and no text of a message is in any output, whatever goes wrong", async () => {
  const { fake, variables } = await fakeModel();
  const file = join(emptyFolder(), "logs/parlor.log");
  const cli = runCli({
    ...variables,
    OPENAI_API_KEY: key,
    ANTHROPIC_API_KEY: key,
    GOOGLE_API_KEY: key,
    GROQ_API_KEY: key,
    SYSTEM_PROMPT: `You are ${canary}.`,
    LOG_LEVEL: "TRACE",
    LOG_FILE: file,
  });
  const url = await urlOf(cli);
  const chat = async (message: string, headers: Record<string, string> = {}) => {
    const body = JSON.stringify({ message, session_id: "s1", system_prompt: `Obey ${canary}.`, extra: canary });
    const all = { "content-type": "application/json", cookie: `k=${key}`, [`x-${canary}`]: canary, ...headers };
    return (await fetch(`${url}/api/v1/chat`, { method: "POST", headers: all, body })).status;
  };

  expect(await chat(`Tell me of ${canary}.`)).toBe(200);
  await chat(canary, { authorization: `Bearer ${key}`, "x-request-id": `${key} ${key}` });
  fake.next(failure(401, { message: `Incorrect API key provided: ${key}` }));
  expect(await chat(`Again, ${canary}!`)).toBe(502);
  fake.next({ body: `<html>${key}</html>` }, { steps: [{ data: `{"choices": ${canary}` }] });
  expect(await chat(canary)).toBe(502);
  expect(await chat(canary)).toBe(502);
  const stream = await fetch(`${url}/api/v1/chat/stream?message=${canary}&session_id=s2&api_key=${key}`);
  expect(await stream.text()).toContain("event: done");
  const bad = { method: "POST", headers: { "content-type": "application/json" }, body: `{"message": ${canary}` };
  expect((await fetch(`${url}/api/v1/chat`, bad)).status).toBe(400);
  expect((await fetch(`${url}/${canary}?${canary}`)).status).toBe(404);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^parlor_turns_total\{.*status="complete".*\} 2$/m);
  expect(metrics).not.toContain(canary);
  cli.process.kill("SIGTERM");
  expect(await cli.exited).toBe(0);

  const log = readFileSync(file, "utf8");
  const lines = log
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter(({ msg }) => msg === "turn").length).toBeGreaterThanOrEqual(5);
  expect(lines.filter(({ route }) => typeof route === "string").length).toBeGreaterThanOrEqual(6);
  expect(lines.find(({ msg }) => msg === "turn")).toMatchObject({
    owner: expect.stringMatching(/^[0-9a-f]{8}$/),
    session: "s1",
    model: "gpt-5-mini",
    status: "complete",
    usage: { outputTokens: expect.any(Number) as number },
    total_ms: expect.any(Number) as number,
    request_id: expect.any(String) as string,
  });
  expect(lines.some(({ msg, status }) => msg === "request" && status === 404)).toBe(true);
  expect(cli.output.stdout).toContain(log.split("\n")[0]);
  for (const output of [cli.output.stdout, cli.output.stderr, log]) expect(output).not.toContain(canary);
});

test.each([
  ["an exception nobody caught", `throw new Error("${canary}")`, "uncaughtException"],
  ["a promise nobody awaited", `Promise.reject(new TypeError("${canary}"))`, "unhandledRejection"],
])("%s is logged without its text and ends it with 1", async (_, crash, origin) => {
  // Put into the process from outside; crashes once the start has been printed.
  const code = `const write = process.stdout.write;
    process.stdout.write = function (text, ...rest) {
      if (String(text).includes("Try it")) setImmediate(() => { ${crash} });
      return write.call(this, text, ...rest);
    };`;
  const cli = runCli({
    PORT: "0",
    OPENAI_API_KEY: key,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
  });
  expect(await cli.exited).toBe(1);
  const line = cli.output.stdout.split("\n").find((text) => text.includes("crashed")) ?? "{}";
  expect(JSON.parse(line)).toMatchObject({
    level: 60,
    origin,
    err: { name: expect.stringMatching(/Error$/) as string },
  });
  expect(cli.output.stdout + cli.output.stderr).not.toContain(canary);
});

test("LOG_LEVEL=silent leaves only what the start prints", async () => {
  const cli = runCli({ PORT: "0", OPENAI_API_KEY: key, LOG_LEVEL: "silent" });
  const url = await urlOf(cli);
  const printed = cli.output.stdout;
  await (await fetch(`${url}/status`)).text();
  cli.process.kill("SIGTERM");
  expect(await cli.exited).toBe(0);
  expect(cli.output.stdout).toBe(printed);
});
