import { createChatEngine } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { expect, test } from "vitest";
import { createHandler } from "../src/index.ts";
import { listener } from "../src/node/index.ts";
import { world } from "./world.ts";

const engine = createChatEngine({ backend: scriptedBackend([]) });

test("without auth or public access nothing is served", () => {
  expect(() => createHandler(engine, {})).toThrow(TypeError);
  expect(() => createHandler(engine, { auth: [] })).toThrow("`auth`");
  expect(() => createHandler(engine, { access: "public" })).not.toThrow();
});

test("only the groups that were asked for", async () => {
  const { ask } = world({ groups: ["v1"] });
  expect((await ask("GET", "/api/v1/status"))?.status).toBe(200);
  expect(await ask("GET", "/status")).toBeUndefined();
  expect(await ask("POST", "/chat", { body: {} })).toBeUndefined();
});

test("the names that the status routes show", async () => {
  const { ask } = world({ service: "my-chat", version: "1.2.3", providerName: "chatgroq" });
  expect(await (await ask("GET", "/health"))?.json()).toMatchObject({
    service: "my-chat",
    version: "1.2.3",
    llm_provider: "chatgroq",
  });
  const reply = await ask("POST", "/chat", { body: { message: "Hi", session_id: "s1" } });
  expect(await reply?.json()).toMatchObject({ llm_provider: "chatgroq" });
});

test("several ways to say who one is are tried in order", async () => {
  const { ask } = world({
    auth: [
      () => undefined,
      async ({ headers }) => (headers["x-key"] === "k" ? { id: "by-key" } : undefined),
      () => ({ id: "fallback" }),
    ],
  });
  const user = async (headers: Record<string, string>) => {
    const reply = await ask("POST", "/chat", { body: { message: "Hi", session_id: "s1" }, headers });
    return reply?.json();
  };
  expect(await user({ "x-key": "k" })).toMatchObject({ user_id: "by-key" });
  expect(await user({})).toMatchObject({ user_id: "fallback" });
});

test("credentials that have expired are none", async () => {
  const { ask, engine: made } = world({ auth: () => ({ id: "ada", expiresAt: made.clock.now() - 1 }) });
  expect((await ask("GET", "/sessions"))?.status).toBe(401);
});

test("public access beside auth: known people are known, wrong credentials are not anonymous", async () => {
  const auth = ({ headers }: { headers: { readonly [name: string]: string | undefined } }) =>
    headers["authorization"] === "Bearer root" ? { id: "root", admin: true } : undefined;
  const { handler } = world({ auth, access: "public", sharedAnonymous: true });
  const { respond } = await import("../src/fetch/index.ts");
  const status = async (path: string, headers: Record<string, string>) => {
    const request = new Request(`http://localhost${path}`, { headers });
    return (await respond(handler, request, { raw: request }))?.status;
  };
  expect(await status("/chat/memory/stats", { authorization: "Bearer root" })).toBe(200);
  expect(await status("/sessions", {})).toBe(200);
  expect(await status("/chat/memory/stats", {})).toBe(403);
  expect(await status("/sessions", { authorization: "Bearer wrong" })).toBe(401);
});

test("CORS for everybody with credentials is refused", () => {
  expect(() => createHandler(engine, { access: "public", cors: { origins: "*", credentials: true } })).toThrow(
    TypeError,
  );
});

test("a prefix that cannot work is refused", () => {
  const handler = createHandler(engine, { access: "public" });
  for (const prefix of ["ai", "/ai/", "/"]) expect(() => listener(handler, { prefix })).toThrow(TypeError);
});
