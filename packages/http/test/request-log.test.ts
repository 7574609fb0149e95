import { ChatError } from "@parlor/core";
import { expect, test, vi } from "vitest";
import { toHttpRequest } from "../src/fetch/index.ts";
import { fingerprintOf, type Logger } from "../src/index.ts";
import { world } from "./world.ts";

type Line = Record<string, unknown> & { readonly level: string; readonly message: string };

function recorder(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ ...fields, level, message });
  return { lines, logger: { info: at("info"), error: at("error") } };
}

test("one line per request: the route's pattern, who by hash, and nothing that people wrote", async () => {
  const { lines, logger } = recorder();
  const { ask } = world({ logger });
  const body = { message: "canary text", session_id: "canary-session", system_prompt: "canary prompt" };
  const headers = { "x-request-id": "trace-1" };
  await ask("POST", "/api/v1/chat", { as: "canary-owner", body, headers });
  await ask("GET", "/history/canary-session?canary=1", { as: "canary-owner" });
  await ask("POST", "/api/v1/chat", { as: "canary-owner", body: { ...body, temperature: "canary" } });
  expect(lines).toMatchObject([
    { level: "info", method: "POST", route: "/api/v1/chat", status: 200, request_id: "trace-1" },
    { level: "info", method: "GET", route: "/history/{session_id}", status: 200 },
    { level: "info", method: "POST", route: "/api/v1/chat", status: 422, code: "invalid_request" },
  ]);
  expect(JSON.stringify(lines)).not.toContain("canary");
  expect(lines[0]?.["owner"]).toMatch(/^[0-9a-f]{8}$/);
  expect(lines[1]?.["owner"]).toBe(lines[0]?.["owner"]);
  expect(lines[0]?.["ms"]).toBeGreaterThanOrEqual(0);
});

test("a stream is logged when it has ended", async () => {
  const { lines, logger } = recorder();
  const { ask } = world({ logger });
  const response = await ask("GET", "/api/v1/chat/stream?message=Hi&session_id=s1");
  await response?.text();
  expect(lines).toMatchObject([{ route: "/api/v1/chat/stream", status: 200 }]);
});

test("what fails here is an error with its cause", async () => {
  const { lines, logger } = recorder();
  const { ask } = world({ logger }, [{ fail: new ChatError("backend_auth", "It refused.") }]);
  await ask("POST", "/chat", { body: { message: "Hi", session_id: "s1" } });
  expect(lines).toMatchObject([{ level: "error", status: 502, code: "backend_auth", err: expect.any(Error) }]);
});

test("a socket is logged when it has closed: who came in the end, and no token", async () => {
  const { lines, logger } = recorder();
  const { handler } = world({ logger });
  const query = "?token=canary-query";
  const headers = { "sec-websocket-protocol": "parlor, bearer.canary-token" };
  const request = toHttpRequest(new Request(`http://localhost/api/v1/chat/ws${query}`, { headers }), {
    raw: undefined as never,
    upgrade: () => new Response(),
  });
  const reply = await handler.handle(request!);
  expect(reply).toMatchObject({ status: 101, headers: { "sec-websocket-protocol": "parlor" } });
  expect(JSON.stringify(reply)).not.toContain("canary");
  const sent: string[] = [];
  const events = reply?.socket?.open({
    send: (texts) => (sent.push(...texts), true),
    ping: () => true,
    close() {},
    abort() {},
  });
  events?.onMessage('{"message":"canary text","session_id":"canary-session"}');
  await vi.waitFor(() => expect(sent.at(-1)).toContain('"is_final":true'));
  expect(lines).toEqual([]);
  events?.onClose();
  expect(lines).toMatchObject([
    { method: "GET", route: "/api/v1/chat/ws", status: 101, owner: fingerprintOf("canary-token") },
  ]);
  expect(JSON.stringify(lines)).not.toContain("canary");
});
