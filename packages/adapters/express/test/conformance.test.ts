import { accounts } from "@parlor/http/accounts";
import { account, httpConformance, listen } from "@parlor/testkit/http";
import express from "express";
import express4 from "express4";
import { describe, it } from "vitest";
import { parlor } from "../src/index.ts";

describe.each([
  { name: "express 5", framework: express },
  { name: "express 4", framework: express4 },
])("$name", ({ framework }) => {
  httpConformance({
    serve(engine, options, { prefix, parsesBodies }) {
      const app = framework();
      if (parsesBodies) app.use(framework.json());
      const chat = parlor(engine, options);
      app.use(prefix || "/", chat);
      return listen(app, (server) => chat.attach(server, { path: prefix }));
    },
    accounts: (engine) => accounts(engine, account),
    runner: { describe, it, skip: it.skip },
  });
});
