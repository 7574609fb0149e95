import { createChatEngine } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { expect, test } from "vitest";
import type { z } from "zod";
import type { Route } from "../src/route.ts";
import { createService } from "../src/service.ts";
import { routesOf } from "../src/surfaces/routes.ts";
import { world } from "./world.ts";

const engine = createChatEngine({ backend: scriptedBackend([]) });
const routes = routesOf(createService(engine, {}));
const secret = "canary-7f3a";

const has = (schema: z.ZodType | undefined, field: string) =>
  schema !== undefined && field in (schema as z.ZodObject).shape;
const namesSession = (route: Route) =>
  [route.params, route.query, route.body].some((schema) => has(schema, "session_id"));

test("every route says who may use it, and what is public names no session", () => {
  const open = routes.filter((route) => route.access === "public");
  expect(routes.every((route) => ["public", "user", "admin"].includes(route.access))).toBe(true);
  expect(open.filter(namesSession)).toEqual([]);
  expect(open.map((route) => route.path)).toEqual([
    "/api/v1/model/info",
    "/api/v1/health",
    "/api/v1/status",
    "/",
    "/health",
    "/status",
    "/info",
    "/openapi.json",
  ]);
});

/** Sends what a route asks for, about the session `s1`. */
async function call(route: Route, site: ReturnType<typeof world>, as: string): Promise<string> {
  const path = route.path.replace("{session_id}", "s1");
  const query = route.query ? "?session_id=s1&message=Hi" : "";
  const body = route.body && { session_id: "s1", message: "Hi" };
  const response = await site.ask(route.method, path + query, { as, body });
  const text = await response?.text();
  // Ids and times differ between any two replies.
  const same = text
    ?.replace(/[0-9a-f-]{36}/g, "id")
    .replace(/"[\d-]+T[\d:.]+Z"/g, "time")
    .replace(/[\d.]+/g, "0");
  return `${response?.status} ${same}`;
}

for (const route of routes.filter((one) => one.access !== "public")) {
  test(`${route.method} ${route.path} answers about somebody else's session as about none`, async () => {
    const foreign = world();
    await foreign.ask("POST", "/chat", {
      as: "ada",
      body: { session_id: "s1", message: secret, system_prompt: secret },
    });
    const before = await foreign.engine.sessions.history({ owner: "ada", id: "s1" });
    const answer = await call(route, foreign, "eve");
    expect(answer).not.toContain(secret);
    expect(answer).toBe(await call(route, world(), "eve"));
    expect(await foreign.engine.sessions.history({ owner: "ada", id: "s1" })).toEqual(before);
  });

  test(`${route.method} ${route.path} is not for people without credentials`, async () => {
    const site = world({ auth: () => undefined });
    expect(await call(route, site, "nobody")).toMatch(/^401 /);
  });
}

for (const route of routes.filter((one) => one.access === "admin")) {
  test(`${route.method} ${route.path} is for admins`, async () => {
    expect(await call(route, world(), "eve")).toMatch(/^403 /);
    expect(await call(route, world(), "root")).toMatch(/^200 /);
  });
}
