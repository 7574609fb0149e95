import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { demoText } from "@parlor/testkit/gguf";
import { expect, test } from "vitest";
import { runCli, urlOf } from "./support/cli.ts";

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
  expect(cli.output.stdout).toMatch(/storage +memory: .*forgotten/);
  expect(cli.output.stdout).toMatch(/access +open: /);
  const [stream, post] = [...cli.output.stdout.matchAll(/^ +(curl .*)$/gm)].map(([, line]) => line as string);

  const pieces = piecesOf(await shell(`${stream} -sS`));
  expect(pieces.length).toBeGreaterThan(3);
  expect(pieces.join("")).toBe(demoText);

  const reply = JSON.parse(await shell(`${post} -sS`)) as object;
  expect(reply).toMatchObject({ message: demoText, session_id: "demo", model_name: "parlor-demo" });
});

test("killed with -9 it starts again at once on the same port and answers", async () => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));

  const first = runCli({ PORT: String(port) });
  const url = await urlOf(first);
  const streaming = await fetch(`${url}/api/v1/chat/stream?message=Hello&session_id=s`);
  expect(streaming.status).toBe(200);
  first.process.kill("SIGKILL");
  expect(await first.exited).toBe("SIGKILL");

  expect(await urlOf(runCli({ PORT: String(port) }))).toBe(url);
  const again = await fetch(`${url}/api/v1/chat/stream?message=Hello&session_id=s`);
  expect(piecesOf(await again.text()).join("")).toBe(demoText);
});
