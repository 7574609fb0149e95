import { once } from "node:events";
import { connect } from "node:net";
import { repliesOf } from "@parlor/testkit/openai";
import { expect, onTestFinished, test } from "vitest";
import { runCli, urlOf } from "./support/cli.ts";
import { fakeModel, serve } from "./support/serve.ts";

const streamOf = (url: string) => fetch(`${url}/api/v1/chat/stream?message=Hello&session_id=s`);

test.each(["SIGTERM", "SIGINT"] as const)("%s when nothing runs: exit code 0", async (signal) => {
  const { variables } = await fakeModel();
  const cli = runCli(variables);
  await urlOf(cli);
  cli.process.kill(signal);
  expect(await cli.exited).toBe(0);
});

test("SIGTERM lets a running turn finish, refuses new ones with 503, then exits with 0", async () => {
  const { fake, variables } = await fakeModel();
  fake.next(repliesOf(20, 1, 50));
  const cli = runCli(variables);
  const url = await urlOf(cli);
  const stream = await streamOf(url);
  cli.process.kill("SIGTERM");
  await cli.printed(/shutting down/);
  const [ready, other] = await Promise.all([fetch(`${url}/health`), streamOf(url)]);
  expect([ready.status, ready.headers.get("connection")]).toEqual([503, "close"]);
  expect([other.status, other.headers.get("connection")]).toEqual([503, "close"]);
  expect(await other.json()).toMatchObject({ code: "draining" });
  const text = await stream.text();
  expect(text).toContain("tok19");
  expect(text).toContain("event: done\n");
  expect(await cli.exited).toBe(0);
});

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("a second %s ends it at once with %i", async (signal, code) => {
  const { fake, variables } = await fakeModel();
  fake.next({ ...repliesOf(1), wire: { cut: { at: 10, how: "stall" } } });
  const cli = runCli(variables);
  await streamOf(await urlOf(cli));
  const again = setInterval(() => cli.process.kill(signal), 50);
  onTestFinished(() => clearInterval(again));
  expect(await cli.exited).toBe(code);
});

test("what has not ended in time is cut with a terminal event, and nothing listens any more", async () => {
  const { fake, variables } = await fakeModel();
  fake.next({ ...repliesOf(50, 1), wire: { perWrite: 1, cut: { at: 2_000, how: "stall" } } });
  const server = await serve(variables);
  const stream = await streamOf(server.url);
  const closed = server.close({ drainMs: 100 });
  const text = await stream.text();
  await Promise.all([closed, server.close()]);
  expect(text).toContain("tok0");
  expect(text).toMatch(/event: error\nid: \S+\ndata: \{"error":"[^"]+","code":"draining"\}\n/);
  expect(text).not.toContain("event: done");
  await expect(fetch(server.url)).rejects.toThrow("fetch failed");
});

test("a client that keeps its connection open and silent does not keep the server", async () => {
  const { variables } = await fakeModel();
  const server = await serve(variables);
  const idle = connect(Number(new URL(server.url).port), "127.0.0.1");
  await once(idle, "connect");
  idle.write("POST /api/v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{");
  await Promise.all([server.close(), once(idle, "close")]);
  expect(idle.destroyed).toBe(true);
});
