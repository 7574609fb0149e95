import { connect, contentOf, type SocketClient } from "@parlor/testkit/http";
import { repliesOf } from "@parlor/testkit/openai";
import { expect, onTestFinished, test } from "vitest";
import { runCli, urlOf } from "./support/cli.ts";
import { fakeModel, serve } from "./support/serve.ts";

const hi = { message: "Hello", session_id: "s" };

async function open(url: string): Promise<SocketClient> {
  const client = (await connect(url, { as: null })) as SocketClient;
  onTestFinished(() => client.webSocket.terminate());
  return client;
}

test("turns over WebSocket, without any configuration", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve(variables);
  const client = await open(url);
  for (const message of ["One", "Two"]) {
    client.send({ ...hi, message });
    expect(contentOf(await client.turn())).toBe("Hello from the fake.");
  }
  expect(await (await fetch(`${url}/history/s`)).json()).toMatchObject({ turn_count: 2 });
});

test("an upgrade to another path is a 404, one for another host or by a foreign page a 403", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve(variables);
  expect(await connect(url, { path: "/nothing" })).toMatchObject({ status: 404, body: { code: "not_found" } });
  for (const headers of [{ host: "evil.example" }, { origin: "https://evil.example" }]) {
    expect(await connect(url, { as: null, headers })).toMatchObject({ status: 403, body: { code: "forbidden" } });
  }
});

test("SIGTERM: an idle socket goes at once, a busy one when its turn has been read, then the process", async () => {
  const { fake, variables } = await fakeModel();
  fake.next(repliesOf(20, 1, 50));
  const cli = runCli(variables);
  const url = await urlOf(cli);
  const [idle, busy] = [await open(url), await open(url)];
  busy.send(hi);
  const first = await busy.next();
  cli.process.kill("SIGTERM");
  expect((await idle.closed).code).toBe(1001);
  expect(contentOf([first, ...(await busy.turn())])).toContain("tok19");
  expect(await busy.closed).toEqual({ code: 1001, reason: "The server is shutting down. Connect again in a moment." });
  expect(await cli.exited).toBe(0);
});

test("a client that does not close does not keep the server, and learns that its turn was cut", async () => {
  const { fake, variables } = await fakeModel();
  fake.next({ ...repliesOf(50, 1), wire: { perWrite: 1, cut: { at: 2_000, how: "stall" } } });
  const server = await serve(variables);
  const [client, stuck] = [await open(server.url), await open(server.url)];
  stuck.webSocket.pause();
  client.send(hi);
  await client.next();
  await server.close({ drainMs: 100 });
  const frames = await client.turn();
  expect(frames.at(-1)).toMatchObject({ type: "error", code: "draining" });
  expect((await client.closed).code).toBe(1001);
  stuck.webSocket.resume();
  await stuck.closed;
});
