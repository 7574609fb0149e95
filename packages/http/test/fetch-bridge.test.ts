import { says } from "@parlor/core/testing";
import { expect, test } from "vitest";
import { respond, toFetch, toResponse } from "../src/fetch/index.ts";
import type { Sink } from "../src/index.ts";
import { world } from "./world.ts";

/** A reply whose sink and closing the test sees. */
function streaming() {
  const seen: { sink?: Sink; closed: number; drained: number } = { closed: 0, drained: 0 };
  const body = (sink: Sink) => {
    seen.sink = sink;
    sink.onDrain(() => (seen.drained += 1));
    return () => void (seen.closed += 1);
  };
  return { seen, response: toResponse({ status: 200, headers: {}, body }, "GET") };
}

test("what is not ours goes to the host, or gets 404 where there is none", async () => {
  const { handler } = world();
  const outside = new Request("http://localhost/aistatus");
  expect(await respond(handler, outside, { prefix: "/ai", raw: outside })).toBeUndefined();
  const response = await toFetch(handler, { prefix: "/ai" })(outside);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "not_found", request_id: response.headers.get("x-request-id") });
  expect((await toFetch(handler, { prefix: "/ai" })(new Request("http://localhost/ai/status"))).status).toBe(200);
});

test("a prefix from the address adds no attributes to the cookie", async () => {
  const { handler } = world({ auth: [], access: "public" });
  const prefix = "/a;%20Domain=evil.example";
  const headers = { "sec-fetch-site": "same-origin" };
  const request = new Request(`http://localhost${prefix}/sessions`, { headers });
  const response = await respond(handler, request, { prefix, raw: request });
  expect(response?.headers.get("set-cookie")).toMatch(/; Path=\/a%3B%20Domain=evil\.example; Max-Age=/);
});

test("a reader that does not pull is behind, and says when it has caught up", async () => {
  const { seen, response } = streaming();
  expect(seen.sink?.write("x".repeat(16_000))).toBe(true);
  expect(seen.sink?.write("x".repeat(16_000))).toBe(false);
  const before = seen.drained;
  const reader = response.body!.getReader();
  await reader.read();
  await reader.read();
  expect(seen.drained).toBeGreaterThan(before);
  expect(seen.sink?.write("x")).toBe(true);
});

test("the end closes, a cut errors, a reader that leaves is noticed; each once", async () => {
  const ended = streaming();
  ended.seen.sink?.write("all");
  ended.seen.sink?.end();
  ended.seen.sink?.end();
  expect(await ended.response.text()).toBe("all");
  expect(ended.seen.closed).toBe(1);
  expect(ended.seen.sink?.write("more")).toBe(false);

  const cut = streaming();
  cut.seen.sink?.abort();
  await expect(cut.response.text()).rejects.toThrow("broken off");
  expect(cut.seen.closed).toBe(1);

  const left = streaming();
  await left.response.body?.cancel();
  expect(left.seen.closed).toBe(1);
  left.seen.sink?.end();
  expect(left.seen.closed).toBe(1);
});

test("HEAD has no body", async () => {
  const { ask } = world();
  const response = await ask("HEAD", "/status");
  expect(response?.status).toBe(200);
  expect(response?.body).toBeNull();
});

test("a stream works without a server in between", async () => {
  const { ask } = world({}, says("Hello there"));
  const response = await ask("POST", "/chat-stream", { body: { message: "Hi", session_id: "s1" } });
  expect(await response?.text()).toBe("Hello there");
});
