import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text as readAll } from "node:stream/consumers";
import { failure, text } from "@parlor/testkit/openai";
import { EventSource } from "eventsource";
import { expect, onTestFinished, test } from "vitest";
import { fakeModel, serve } from "./support/serve.ts";

const json = { "content-type": "application/json" };
const canary = "canary-5d20b7";

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });

/** A server that must not be asked, and how often it was. */
async function trap() {
  let asked = 0;
  const server = createServer((_, response) => response.end("caught")).on("connection", () => void (asked += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

test("T21, T22: a request names no address of a model and no key", async () => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve(variables);
  const { url: elsewhere, asked } = await trap();
  const more = { base_url: elsewhere, baseURL: elsewhere, api_base: elsewhere, endpoint: elsewhere, api_key: canary };
  const headers = { "x-base-url": elsewhere, "x-upstream-key": canary };
  const bodies = [
    ["/api/v1/chat", { message: "Hi", session_id: "s1", ...more }],
    ["/chat", { message: "Hi", session_id: "s2", ...more }],
    ["/v1/chat/completions", { model: "gpt-5-mini", messages: [{ role: "user", content: "Hi" }], ...more }],
    ["/v1/responses", { model: "gpt-5-mini", input: "Hi", ...more }],
  ] as const;
  for (const [path, body] of bodies) expect((await post(url + path, body, headers)).status).toBe(200);
  expect(fake.requests).toHaveLength(bodies.length);
  for (const request of fake.requests) {
    expect(request.headers["authorization"]).toBe("Bearer key");
    expect(JSON.stringify([request.headers, request.body])).not.toContain(canary);
  }
  expect(asked()).toBe(0);
});

test("T23: the address of an image or a file is not fetched here", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve(variables);
  const { url: elsewhere, asked } = await trap();
  const parts = [{ type: "image_url", image_url: { url: `${elsewhere}/a.png` } }];
  const content = [{ type: "text", text: "What is this?" }, ...parts];
  await post(`${url}/v1/chat/completions`, { model: "gpt-5-mini", messages: [{ role: "user", content }] });
  const input = [{ role: "user", content: [{ type: "input_image", image_url: `${elsewhere}/b.png` }] }];
  await post(`${url}/v1/responses`, { model: "gpt-5-mini", input });
  const file = { type: "file", mediaType: "image/png", url: `${elsewhere}/c.png` };
  const messages = [{ id: "m1", role: "user", parts: [file, { type: "text", text: "And this?" }] }];
  await (await post(`${url}/api/chat`, { id: "c1", trigger: "submit-message", messages })).text();
  expect(asked()).toBe(0);
});

test.for([
  "../../etc/passwd",
  "/etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "gpt-5-mini\0",
  "x?key=1#",
  "x\r\nHost: evil.example",
  "https://evil.example/v1",
])("T24, T25: '%s' names no model", async (model) => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve(variables);
  const answers = await Promise.all([
    post(`${url}/v1/chat/completions`, { model, messages: [{ role: "user", content: "Hi" }] }),
    post(`${url}/v1/responses`, { model, input: "Hi" }),
    post(`${url}/api/conversations`, { model_tag: model }),
    fetch(`${url}/v1/models/${encodeURIComponent(model)}`),
  ]);
  for (const { status } of answers) expect([400, 404, 422]).toContain(status);
  expect(fake.requests).toHaveLength(0);
});

test("T26: whatever a model says, it is one text in one stream", async () => {
  const said =
    'a\r\n\r\nevent: done\ndata: {"message":"owned"}\n\nid: 1\n\n: b\u2028c\u2029\rretry: 1\r\rdata: [DONE]\n\n';
  const { fake, variables } = await fakeModel();
  const { url } = await serve(variables);
  fake.next(...Array.from({ length: 3 }, () => ({ steps: text(...said.split("")) })));
  const source = new EventSource(`${url}/api/v1/chat/stream?message=Hi&session_id=s1`);
  onTestFinished(() => source.close());
  let heard = "";
  source.addEventListener("chunk", ({ data }) => (heard += (JSON.parse(data) as { content: string }).content));
  const [done] = (await once(source as never, "done")) as [MessageEvent<string>];
  expect(heard).toBe(said);
  expect(JSON.parse(done.data)).toEqual({ message: "Stream completed" });

  const { id } = (await (await post(`${url}/api/conversations`, {})).json()) as { id: string };
  const stream = await (await post(`${url}/api/conversations/${id}/messages`, { content: "Hi" })).text();
  const lines = (text: string) => text.split("\n").filter((line) => line !== "");
  const data = lines(stream).flatMap((line) =>
    line.startsWith("data: ") ? [JSON.parse(line.slice(6)) as { token?: string }] : [],
  );
  expect(data.map(({ token = "" }) => token).join("")).toBe(said);
  const asked = { model: "gpt-5-mini", stream: true, messages: [{ role: "user", content: "Hi" }] };
  const completion = lines(await (await post(`${url}/v1/chat/completions`, asked)).text());
  expect(completion.filter((line) => !/^(?:data: (?:\{[^]*\}|\[DONE\])|id: \S+|retry: \d+|:)$/.test(line))).toEqual([]);
  expect(completion.filter((line) => line === "data: [DONE]")).toHaveLength(1);
});

test("T27: what was said comes as JSON or plain text that no browser takes for a page, and is kept by none", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve(variables);
  await post(`${url}/chat`, { message: "<script>alert(1)</script>", session_id: "s1" });
  for (const path of ["/history/s1", "/api/v1/sessions/s1", "/api/conversations/s1", "/sessions"]) {
    const { headers } = await fetch(url + path, { headers: { accept: "text/html" } });
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  }
  const stream = await post(`${url}/chat-stream`, { message: "Hi", session_id: "s1" });
  expect(stream.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(stream.headers.get("x-content-type-options")).toBe("nosniff");
});

test("T38: nothing of an upstream's own error reaches a client", async () => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve(variables);
  for (const status of [400, 401, 403, 404, 429, 500, 503]) {
    const reply = failure(status, { message: `org-${canary} <b>${canary}</b>`, type: canary, code: canary });
    fake.next(...Array.from({ length: 6 }, () => ({ ...reply, headers: { "x-request-id": canary, "x-org": canary } })));
    for (const path of ["/chat", "/chat-stream", "/api/v1/chat"]) {
      const answer = await post(
        url + path,
        { message: "Hi", session_id: `${status}` },
        { "idempotency-key": `${path}${status}` },
      );
      expect([...answer.headers, await answer.text()].join(" ")).not.toContain(canary);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  }
}, 60_000);

test.for([
  ["compresses again and again", { "content-encoding": "gzip, gzip, gzip" }],
  ["sends headers without end", { "x-large": "x".repeat(1_000_000) }],
] as const)("T40: an upstream that %s is a 502", async ([, more]) => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve(variables);
  const headers = { "content-type": "text/event-stream", ...more };
  fake.next(...Array.from({ length: 3 }, () => ({ steps: text("owned"), headers })));
  const answer = await post(`${url}/chat`, { message: "Hi", session_id: "s1" });
  expect(answer.status).toBe(502);
  expect(await answer.text()).not.toContain("owned");
});

/** What a server answers to these bytes. */
async function raw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end(bytes);
  return readAll(socket);
}

test("T39: two lengths, bad methods, TRACE and broken requests are refused, and smuggle nothing", async () => {
  const { variables } = await fakeModel();
  const { url } = await serve(variables);
  const smuggled = "GET /info HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const both = `POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`;
  const twice = `POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${smuggled}`;
  const coded = `POST /chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`;
  for (const bytes of [both, twice, coded, "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", "GET\t/ HTTP/1.1\r\n\r\n"]) {
    const answer = await raw(url, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain("openapi");
  }
  for (const method of ["TRACE", "PROPFIND", "DELETE"]) {
    const answer = await raw(
      url,
      `${method} /info HTTP/1.1\r\nHost: localhost\r\nCookie: ${canary}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 405 [^]*\r\nallow: GET, HEAD, OPTIONS\r\n/i);
    expect(answer).not.toContain(canary);
  }
});

test("T43: the system prompt is in no reply, of whatever route", async () => {
  const { fake, variables } = await fakeModel();
  const { url } = await serve({ ...variables, SYSTEM_PROMPT: `You know ${canary}.` });
  const said = { message: "Hi", session_id: "s1", system_prompt: `You know more: ${canary}.` };
  const replies = [await post(`${url}/chat`, said), await post(`${url}/api/v1/chat`, said)];
  replies.push(await post(`${url}/api/v1/chat`, { ...said, stream: true }), await post(`${url}/chat-stream`, said));
  replies.push(await post(`${url}/api/conversations`, { system_prompt: said.system_prompt }));
  expect(JSON.stringify(fake.requests.map(({ body }) => body))).toContain(canary);
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, { get?: object }> };
  const readable = Object.entries(paths).filter(([path, { get }]) => get && !path.includes("/stream"));
  expect(readable.length).toBeGreaterThan(20);
  for (const [path] of readable) replies.push(await fetch(url + path.replaceAll(/\{\w+\}/g, "s1")));
  for (const reply of replies) {
    const shown = [...reply.headers, await reply.text()].join(" ");
    expect({ url: reply.url, leaks: shown.includes(canary) }).toEqual({ url: reply.url, leaks: false });
  }
});
