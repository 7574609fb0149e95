import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { fakeModel, serve } from "./support/serve.ts";

async function get(port: number, path: string, host: string): Promise<{ status: number | undefined; body: string }> {
  const sending = request({ port, path, headers: { host }, agent: false }).end();
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

test("on loopback, names that others could point here are refused, whatever is asked", async () => {
  const { fake, variables } = await fakeModel();
  const port = Number(new URL((await serve(variables)).url).port);
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "%",
  ]) {
    for (const path of ["/api/v1/chat/stream?message=Hi&session_id=s1", "/sessions", "/nowhere"]) {
      const { status, body } = await get(port, path, host);
      expect({ host, path, status }).toEqual({ host, path, status: 403 });
      expect(JSON.parse(body)).toMatchObject({ code: "forbidden", detail: expect.stringContaining("localhost") });
    }
  }
  expect(fake.requests).toHaveLength(0);
});

test("on loopback, the names and addresses of this machine are served", async () => {
  const { variables } = await fakeModel();
  const port = Number(new URL((await serve(variables)).url).port);
  for (const host of ["localhost", `LocalHost:${port}`, "chat.localhost:80", "127.0.0.1", "10.1.2.3:80", "[::1]:80"]) {
    expect({ host, ...(await get(port, "/status", host)) }).toMatchObject({ host, status: 200 });
  }
});

test("on other addresses any name is served", async () => {
  const { variables } = await fakeModel();
  const port = Number(new URL((await serve({ ...variables, HOST: "0.0.0.0" })).url).port);
  expect(await get(port, "/status", "chat.example")).toMatchObject({ status: 200 });
});
