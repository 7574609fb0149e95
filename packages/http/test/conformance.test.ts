import type { RequestListener } from "node:http";
import { text } from "node:stream/consumers";
import type { ChatEngine } from "@parlor/core";
import { account, httpConformance, listen, socketRuntime } from "@parlor/testkit/http";
import { describe, it } from "vitest";
import { accounts } from "../src/accounts/index.ts";
import { toFetch } from "../src/fetch/index.ts";
import { createHandler } from "../src/index.ts";
import { attach, listener as toListener } from "../src/node/index.ts";

const runner = { describe, it, skip: it.skip };
const withAccounts = (engine: ChatEngine) => accounts(engine, account);

/** What a body parser does: the body ends up on the request, parsed, and the stream is used up. */
function parsing(listener: RequestListener): RequestListener {
  return (incoming, outgoing) => {
    void text(incoming).then((body) => {
      listener(Object.assign(incoming, { body: body === "" ? {} : JSON.parse(body) }), outgoing);
    });
  };
}

describe("node listener", () => {
  httpConformance({
    serve(engine, options, { prefix, parsesBodies }) {
      const serve = toListener(createHandler(engine, options), { prefix });
      return listen(parsesBodies ? parsing(serve) : serve, (server) => attach(server, { path: prefix }));
    },
    accounts: withAccounts,
    runner,
  });
});

describe("fetch bridge", () => {
  httpConformance({
    serve(engine, options, { prefix }) {
      const handler = createHandler(engine, options);
      return listen(...socketRuntime((upgradeWebSocket) => toFetch(handler, { prefix, upgradeWebSocket })));
    },
    accounts: withAccounts,
    runner,
    lacks: ["body-parser", "socket-control"],
  });
});
