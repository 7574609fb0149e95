import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { demoText } from "@parlor/testkit/gguf";
import { repliesOf } from "@parlor/testkit/openai";
import { expect, test } from "vitest";
import { emptyFolder, runCli, urlOf } from "./support/cli.ts";
import { fakeModel } from "./support/serve.ts";

/** Runs a line as somebody would who pasted it. */
const shell = async (line: string) => (await promisify(execFile)("bash", ["-c", line])).stdout;

/** The text of an SSE reply of v1, piece by piece. */
const piecesOf = (stream: string) =>
  [...stream.matchAll(/^data: (\{"content".*)$/gm)].map(
    ([, data]) => (JSON.parse(data as string) as { content: string }).content,
  );

test("without any configuration it serves the demo model, and the lines it prints work when pasted", async () => {
  const cli = runCli({ PORT: "0" });
  const url = await urlOf(cli);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(cli.output.stdout).toMatch(/model +parlor-demo by llama\.cpp/);
  expect(cli.output.stdout).toMatch(/storage +SQLite in parlor\.db: .*survive/);
  expect(cli.output.stdout).toMatch(/access +open: /);
  const [stream, post] = [...cli.output.stdout.matchAll(/^ +(curl .*)$/gm)].map(([, line]) => line as string);

  const pieces = piecesOf(await shell(`${stream} -sS`));
  expect(pieces.length).toBeGreaterThan(3);
  expect(pieces.join("")).toBe(demoText);

  const reply = JSON.parse(await shell(`${post} -sS`)) as object;
  expect(reply).toMatchObject({ message: demoText, session_id: "demo", model_name: "parlor-demo" });
});

test("killed with -9 in the middle of an answer it starts again at once, and no message is lost", async () => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const { fake, variables } = await fakeModel();
  const folder = emptyFolder();
  const environment = { ...variables, PORT: String(port) };

  const first = runCli(environment, [], folder);
  const url = await urlOf(first);
  await fetch(`${url}/api/v1/chat/stream?message=First&session_id=s`).then((reply) => reply.text());
  fake.next({ ...repliesOf(50, 1), wire: { perWrite: 1, cut: { at: 2_000, how: "stall" } } });
  const streaming = await fetch(`${url}/api/v1/chat/stream?message=Second&session_id=s`);
  const reader = streaming.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let seen = ""; !seen.includes("tok1");) seen += (await reader?.read())?.value ?? "";
  first.process.kill("SIGKILL");
  expect(await first.exited).toBe("SIGKILL");

  expect(await urlOf(runCli(environment, [], folder))).toBe(url);
  const history = (await (await fetch(`${url}/history/s`)).json()) as { messages: { role: string; content: string }[] };
  expect(history.messages.slice(0, 3)).toEqual([
    { role: "user", content: "First" },
    { role: "assistant", content: "Hello from the fake." },
    { role: "user", content: "Second" },
  ]);
  // It waits for the dead process's lease to run out, keeps what was said, and goes on.
  const again = await fetch(`${url}/api/v1/chat/stream?message=Third&session_id=s`);
  expect(piecesOf(await again.text()).join("")).toBe("Hello from the fake.");
  const after = (await (await fetch(`${url}/history/s`)).json()) as typeof history;
  expect(after.messages.map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
    "user",
    "assistant",
  ]);
  expect(after.messages[3]?.content).toContain("tok1");
});
