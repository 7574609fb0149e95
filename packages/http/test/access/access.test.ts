import { createChatEngine } from "@parlor/core";
import { scriptedBackend } from "@parlor/core/testing";
import { expect, test } from "vitest";
import type { z } from "zod";
import type { Group } from "../../src/index.ts";
import type { MountedRoute } from "../../src/route.ts";
import { createService } from "../../src/service.ts";
import { routesOf } from "../../src/surfaces/routes.ts";
import { type World, world } from "../world.ts";
import type { AccessCase, AccessCases } from "./case.ts";
import { admin } from "./admin.ts";
import { conversations } from "./conversations.ts";
import { openai } from "./openai.ts";
import { simple } from "./simple.ts";
import { system } from "./system.ts";
import { uiStream } from "./ui-stream.ts";
import { v1 } from "./v1.ts";

/** A file per group beside this one. A group without one does not compile; a route without a case fails. */
const cases: { readonly [group in Group]: AccessCases } = {
  v1,
  simple,
  conversations,
  admin,
  system,
  openai,
  "ui-stream": uiStream,
};

const engine = createChatEngine({ backend: scriptedBackend([]) });
const routes = routesOf(createService(engine, {}));
const nameOf = ({ method, path }: MountedRoute) => `${method} ${path}`;
const tested = routes.flatMap((route) => {
  const one = cases[route.group][nameOf(route)];
  return one ? [[nameOf(route), route, one] as const] : [];
});
const secret = "canary-7f3a";

test("P25: every route has a case, and every case a route", () => {
  const built = routes.map((route) => `${route.group}: ${nameOf(route)}`);
  const named = Object.entries(cases).flatMap(([group, table]) =>
    Object.keys(table).map((name) => `${group}: ${name}`),
  );
  expect(named.toSorted()).toEqual(built.toSorted());
});

test("what is public names no session and starts no turn", () => {
  const open = routes.filter((route) => route.access === "public");
  expect(open.filter((route) => route.startsTurn)).toEqual([]);
  const fields = open
    .flatMap(({ params, query, body }) => [params, query, body])
    .flatMap((schema) => Object.keys(shapeOf(schema)));
  expect(fields.filter((field) => /(^|_)id$/.test(field))).toEqual([]);
});

const shapeOf = (schema: z.ZodType | undefined) => (schema ? (schema as z.ZodObject).shape : {});

/** Where ada has told a secret in her session `s1`. */
async function adasWorld(): Promise<World> {
  const site = world();
  const body = { session_id: "s1", message: secret, system_prompt: secret };
  await site.ask("POST", "/chat", { as: "ada", body });
  return site;
}

/** The reply without what differs between any two. */
async function call(route: MountedRoute, one: AccessCase, site: World, as: string | undefined): Promise<string> {
  const path = one.path ?? route.path.replaceAll(/\{\w+\}/g, "s1");
  const { query, body } = one;
  const response = await site.ask(route.method, query === undefined ? path : `${path}?${query}`, { as, body });
  const text = await response?.text();
  const same = text
    ?.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "id")
    .replace(/"[\d-]+T[\d:.]+Z"/g, "time")
    .replace(/[\d.]+/g, "0");
  return `${response?.status} ${same}`;
}

test.each(tested)("P25: %s answers each as it must", async (_name, route, one) => {
  const status = async (as: string | undefined) => Number((await call(route, one, await adasWorld(), as)).slice(0, 3));
  expect({
    nobody: await status(undefined),
    user: await status("eve"),
    admin: await status("root"),
    owner: await status("ada"),
  }).toEqual({ nobody: one.nobody, user: one.user, admin: one.admin, owner: one.owner });
});

test.each(tested.filter(([, { access }]) => access !== "public"))(
  "T1, T2, T3, T4: %s answers about somebody else's session as about none, and touches nothing",
  async (_name, route, one) => {
    const foreign = await adasWorld();
    const before = await foreign.engine.sessions.history({ owner: "ada", id: "s1" });
    for (const as of ["eve", "root"]) {
      const answer = await call(route, one, foreign, as);
      expect(answer).not.toContain(secret);
      expect(answer).toBe(await call(route, one, world(), as));
    }
    expect(await foreign.engine.sessions.history({ owner: "ada", id: "s1" })).toEqual(before);
  },
);
