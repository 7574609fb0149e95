import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { connect, contentOf, type SocketClient } from "@parlor/testkit/http";
import { fakeOpenAI, text } from "@parlor/testkit/openai";
import { expect, test } from "vitest";
import { freePort, run, start } from "./run.ts";

const here = new URL("../../examples/", import.meta.url);
const file = (path: string) => fileURLToPath(new URL(path, here));
const folders = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());

test.for(folders.map(({ name }) => name))("%s is one program of at most 40 lines", (name) => {
  const sources = readdirSync(file(name)).filter((entry) => /\.tsx?$/.test(entry));
  expect(sources.filter((entry) => entry.endsWith(".ts"))).toHaveLength(1);
  for (const source of sources) {
    const lines = readFileSync(file(`${name}/${source}`), "utf8")
      .trim()
      .split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
  }
});

test.for(["express", "fastify", "hono", "node-http"])("%s", async (name) => {
  const provider = await fakeOpenAI({ reply: { steps: text("A book", " for you.") } });
  const port = await freePort();
  const env = { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: provider.url, PORT: String(port) };
  const app = await start(file(`${name}/server.ts`), /listening/, env);
  const url = `http://127.0.0.1:${port}`;
  expect(await (await fetch(url)).text()).toBe("The bookshop");
  expect((await fetch(`${url}/ai/sessions`)).status).toBe(401);
  const stream = await fetch(`${url}/ai/api/v1/chat/stream?message=Hello&session_id=s1`, {
    headers: { "x-user": "ada" },
  });
  expect(await stream.text()).toMatch(/event: chunk[^]*A book[^]*event: done/);
  expect(provider.requests[0]?.body?.messages?.[0]).toMatchObject({
    role: "system",
    content: "You help the customers of a bookshop.",
  });
  const socket = (await connect(`${url}/ai`, { as: null, headers: { "x-user": "ada" } })) as SocketClient;
  socket.send({ message: "And now?", session_id: "s1" });
  expect(contentOf(await socket.turn())).toBe("A book for you.");
  expect(await app.stop()).toBe(0);
  expect((await socket.closed).code).toBe(1001);
  await provider.close();
});

test("for-await", async () => {
  const provider = await fakeOpenAI({ reply: { steps: text("An", " answer.") } });
  const env = { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: provider.url };
  const { code, output } = await run(process.execPath, [file("for-await/chat.ts"), "One?", "Two?"], env);
  expect(output.match(/An answer\.\n\(complete, \d+ tokens\)/g)).toHaveLength(2);
  expect(provider.requests[1]?.body?.messages).toHaveLength(3);
  expect(code).toBe(0);
  await provider.close();
});

test("own-auth", async () => {
  const provider = await fakeOpenAI({ reply: { steps: text("Hello", " Ada.") } });
  const port = await freePort();
  const env = { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: provider.url, PORT: String(port) };
  const app = await start(file("own-auth/server.ts"), /listening/, env);
  const url = `http://127.0.0.1:${port}`;
  const login = async (user: string) =>
    (await fetch(`${url}/login/${user}`)).headers.get("set-cookie")?.split(";")[0] ?? "";
  const [ada, root] = [await login("ada"), await login("root")];
  const ask = (path: string, cookie: string, headers = {}) => fetch(url + path, { headers: { cookie, ...headers } });
  const chat = "/ai/api/v1/chat/stream?message=Hello&session_id=s1";

  expect((await ask(chat, "session=made-up")).status).toBe(401);
  expect((await ask(chat, ada, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect(await (await ask(chat, ada)).text()).toMatch(/event: chunk[^]*Ada[^]*event: done/);
  expect((await ask("/ai/history/s1", ada)).status).toBe(200);
  expect((await ask("/ai/history/s1", root)).status).toBe(404);
  expect((await ask("/ai/chat/memory/stats", ada)).status).toBe(403);
  expect((await ask("/ai/chat/memory/stats", root)).status).toBe(200);
  await app.stop();
  await provider.close();
});

test("openai-sdk", async () => {
  const provider = await fakeOpenAI({ reply: { steps: text("A", " title.") } });
  const env = { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: provider.url };
  const { code, output } = await run(process.execPath, [file("openai-sdk/chat.ts")], env);
  expect(output).toBe("A title.\nA title.\nA title.\n");
  expect(provider.requests.map(({ body }) => body?.messages?.length)).toEqual([1, 1, 3, 1, 3]);
  expect(code).toBe(0);
  await provider.close();
});
