import { getRequestListener } from "@hono/node-server";
import { type ChatEngine } from "@parlor/http";
import { accounts } from "@parlor/http/accounts";
import {
  account,
  type HttpConformanceOptions,
  httpConformance,
  listen,
  socketRuntime,
  type UpgradeWebSocket,
} from "@parlor/testkit/http";
import { Hono } from "hono";
import { describe, it, vi } from "vitest";
import { type HonoOptions, parlor } from "../src/index.ts";
import { attach } from "../src/node.ts";

const runner = { describe, it, skip: it.skip };
const withAccounts = (engine: ChatEngine) => accounts(engine, account);

/** Deno, as far as Hono's module for it asks. */
const deno: { upgradeWebSocket?: UpgradeWebSocket } = {};
vi.stubGlobal("Deno", deno);
const { upgradeWebSocket } = await import("hono/deno");

type Site = Parameters<HttpConformanceOptions["serve"]>;

function mounted([engine, options, host]: Site, more: Pick<HonoOptions<object>, "upgradeWebSocket"> = {}): Hono {
  const app = new Hono();
  if (host.parsesBodies) {
    app.use(async ({ req }, next) => {
      if (req.header("content-type") !== undefined) await req.json();
      await next();
    });
  }
  return app.route(host.prefix || "/", parlor(engine, { ...options, ...more }));
}

describe("on @hono/node-server", () => {
  httpConformance({
    serve(...site) {
      const answer = getRequestListener(mounted(site).fetch);
      const [, , { prefix }] = site;
      return listen(
        (incoming, outgoing) => void answer(incoming, outgoing),
        (server) => attach(server, { path: prefix }),
      );
    },
    accounts: withAccounts,
    runner,
  });
});

describe("on a fetch runtime", () => {
  httpConformance({
    serve(...site) {
      return listen(
        ...socketRuntime((upgrade) => {
          deno.upgradeWebSocket = upgrade;
          return mounted(site, { upgradeWebSocket }).fetch;
        }),
      );
    },
    accounts: withAccounts,
    runner,
    lacks: ["socket-control"],
  });
});
