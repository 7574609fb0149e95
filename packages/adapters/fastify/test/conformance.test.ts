import { text } from "node:stream/consumers";
import { accounts } from "@parlor/http/accounts";
import { account, httpConformance } from "@parlor/testkit/http";
import fastify from "fastify";
import { describe, it } from "vitest";
import { parlor } from "../src/index.ts";

httpConformance({
  async serve(engine, options, { prefix, parsesBodies }) {
    const app = fastify({ forceCloseConnections: true });
    // What Express' parsers do under @fastify/middie.
    if (parsesBodies) {
      app.addHook("onRequest", async ({ raw }) => {
        const body = await text(raw);
        Object.assign(raw, { body: body === "" ? {} : JSON.parse(body) });
      });
    }
    app.register(parlor(engine, options), { prefix });
    return { url: await app.listen({ host: "127.0.0.1", port: 0 }), close: () => app.close() };
  },
  accounts: (engine) => accounts(engine, account),
  runner: { describe, it, skip: it.skip },
  // Its router refuses them for all plugins: `frameworkErrors` is the app's.
  lacks: ["malformed-paths"],
});
