import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { fakeModel, serve } from "./support/serve.ts";

const streamOf = (url: string, message: string) =>
  fetch(`${url}/api/v1/chat/stream?message=${encodeURIComponent(message)}&session_id=s`);

test("a message of the greatest length fits the address of a stream", async () => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve(variables);
  const longest = "é".repeat(32_000);
  const stream = await streamOf(url, longest);
  expect(await stream.text()).toContain("event: done");
  expect(fake.requests[0]?.body?.messages?.at(-1)).toMatchObject({ content: longest });
  expect((await streamOf(url, `${longest}é`)).status).toBe(422);
});

test("an unknown path is a 404 as problem+json", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve(variables);
  const response = await fetch(`${url}/nowhere`);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ status: 404, code: "not_found" });
});

test("the documentation pages are there, and at the root for browsers where ROOT_PAGE says so", async () => {
  const { variables } = await fakeModel();
  const [plain, paged] = [await serve(variables), await serve({ ...variables, ROOT_PAGE: "docs" })];
  const typeOf = async (address: string) => {
    const response = await fetch(address, { headers: { accept: "text/html,*/*;q=0.8" } });
    await response.arrayBuffer();
    return `${response.status} ${response.headers.get("content-type")}`;
  };
  for (const { url } of [plain, paged]) {
    for (const path of ["/docs", "/redoc"]) expect(await typeOf(url + path)).toBe("200 text/html; charset=utf-8");
    expect(await typeOf(`${url}/docs/swagger-ui-bundle.js`)).toBe("200 text/javascript; charset=utf-8");
  }
  const html = async (address: string) => (await fetch(address, { headers: { accept: "text/html" } })).text();
  expect(await html(plain.url)).toContain('src="/page/chat.js"');
  expect(await html(paged.url)).toContain('src="/docs/docs.js"');
  expect(await (await fetch(paged.url)).json()).toMatchObject({ docs: "/docs" });
});

test("replies repeat the provider as LLM_PROVIDER spells it", async () => {
  const { fake, variables } = await fakeModel();
  const groq = {
    PORT: "0",
    LLM_PROVIDER: "chatgroq",
    GROQ_API_KEY: "key",
    GROQ_BASE_URL: fake.url,
    GROQ_MODEL_NAME: "fast",
  };
  const [named, plain] = [await serve(groq), await serve(variables)];
  const providerOf = async (url: string) =>
    ((await (await fetch(`${url}/health`)).json()) as { llm_provider: string }).llm_provider;
  expect(await providerOf(named.url)).toBe("chatgroq");
  expect(named.engine.info).toMatchObject({ provider: "groq", model: "fast" });
  expect(await providerOf(plain.url)).toBe("openai");
});

test("limits, settings and the system prompt reach the model", async () => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve({
    ...variables,
    MODEL_NAME: "gpt-4o",
    SYSTEM_PROMPT: "Be kind.",
    TEMPERATURE: "0.3",
    RATE_LIMIT: "1/day",
  });
  expect((await streamOf(url, "Hello")).status).toBe(200);
  const { body } = await fake.request(0);
  expect(body).toMatchObject({ model: "gpt-4o", temperature: 0.3 });
  expect(body?.messages?.[0]).toMatchObject({ content: "Be kind." });
  const refused = await streamOf(url, "Hello");
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ code: "rate_limited" });
});

test("T33: a client that never finishes its headers is cut off", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve(variables);
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
  socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\n");
  await once(socket, "close");
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test("listens on an IPv6 address, too", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve({ ...variables, HOST: "::1" });
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await fetch(`${url}/status`)).status).toBe(200);
});
