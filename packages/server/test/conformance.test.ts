import { createHandler } from "@parlor/http";
import { accounts } from "@parlor/http/accounts";
import { account, httpConformance } from "@parlor/testkit/http";
import { describe, it } from "vitest";
import { createLogger } from "../src/log/create-logger.ts";
import { openServer } from "../src/open-server.ts";

describe("the parlor server", () => {
  httpConformance({
    serve: (engine, options, { prefix }) =>
      openServer(createHandler(engine, options), {
        listen: { host: "127.0.0.1", port: 0 },
        logger: createLogger({ level: "silent" }, false),
        open: false,
        prefix,
      }),
    accounts: (engine) => accounts(engine, account),
    runner: { describe, it, skip: it.skip },
    lacks: ["body-parser"],
  });
});
