import { getRequestListener } from "@hono/node-server";
import { type ChatEngine } from "@parlor/http";
import { accounts } from "@parlor/http/accounts";
import { account, fetchRuntime, type HttpConformanceOptions, httpConformance, listen } from "@parlor/testkit/http";
import { Hono } from "hono";
import { describe, it } from "vitest";
import { parlor } from "../src/index.ts";

const runner = { describe, it, skip: it.skip };
const withAccounts = (engine: ChatEngine) => accounts(engine, account);

function mounted(...[engine, options, host]: Parameters<HttpConformanceOptions["serve"]>): Hono {
  const app = new Hono();
  if (host.parsesBodies) {
    app.use(async ({ req }, next) => {
      if (req.header("content-type") !== undefined) await req.json();
      await next();
    });
  }
  return app.route(host.prefix || "/", parlor(engine, options));
}

describe("on @hono/node-server", () => {
  httpConformance({
    serve(...site) {
      const answer = getRequestListener(mounted(...site).fetch);
      return listen((incoming, outgoing) => void answer(incoming, outgoing));
    },
    accounts: withAccounts,
    runner,
  });
});

describe("on a fetch runtime", () => {
  httpConformance({
    serve: (...site) => listen(fetchRuntime(mounted(...site).fetch)),
    accounts: withAccounts,
    runner,
  });
});
