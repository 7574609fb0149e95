import { getRequestListener } from "@hono/node-server";
import { fetchRuntime, type HttpConformanceOptions, httpConformance, listen } from "@parlor/testkit/http";
import { Hono } from "hono";
import { describe, it } from "vitest";
import { parlor } from "../src/index.ts";

const runner = { describe, it, skip: it.skip };

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
    runner,
  });
});

describe("on a fetch runtime", () => {
  httpConformance({ serve: (...site) => listen(fetchRuntime(mounted(...site).fetch)), runner });
});
