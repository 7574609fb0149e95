import assert from "node:assert/strict";
import { expectProblem } from "../expect.ts";
import { check, type HttpTopic, type Metrics } from "../suite.ts";

interface Counted {
  readonly metrics: Metrics;
  readonly served: { readonly method: string; readonly route: string | undefined; readonly status: number }[];
  open: number;
}

function counting(access: Metrics["access"], path = "/metrics"): Counted {
  const counted: Counted = {
    served: [],
    open: 0,
    metrics: {
      access,
      path,
      render: async () => ({ type: "text/plain; version=0.0.4", text: "up 1\n" }),
      watch() {},
      request: ({ method, route, status }) => void counted.served.push({ method, route, status }),
      stream() {
        counted.open += 1;
        return () => void (counted.open -= 1);
      },
    },
  };
  return counted;
}

const everybody = counting("public");
const admins = counting("admin", "/internal/metrics");

export const metrics: HttpTopic = {
  name: "metrics",
  cases: [
    check("are not there unless they are wanted", async ({ ask }) => {
      for (const path of ["/metrics", "/api/v1/metrics"]) expectProblem(await ask("GET", path), 404, "not_found");
    }),
    check(
      "are read by everybody, and count requests by route and streams while they last",
      async ({ ask, events, release }) => {
        everybody.served.length = 0;
        for (const path of ["/metrics", "/api/v1/metrics"]) {
          const { status, text, headers } = await ask("GET", path, { as: null });
          assert.deepEqual([status, text, headers.get("content-type")], [200, "up 1\n", "text/plain; version=0.0.4"]);
        }
        const stream = events("GET", "/api/v1/chat/stream?message=Hi&session_id=s1");
        await stream.next();
        assert.equal(everybody.open, 1);
        release();
        for await (const event of stream) assert.ok(event);
        await ask("GET", "/history/unknown");
        assert.equal(everybody.open, 0);
        assert.deepEqual(everybody.served, [
          { method: "GET", route: "/metrics", status: 200 },
          { method: "GET", route: "/api/v1/metrics", status: 200 },
          { method: "GET", route: "/api/v1/chat/stream", status: 200 },
          { method: "GET", route: "/history/{session_id}", status: 404 },
        ]);
      },
      {
        options: { metrics: everybody.metrics },
        model: (gate) => [{ type: "text", text: "a" }, { wait: gate }, { type: "finish", reason: "stop" }],
      },
    ),
    check(
      "are kept for admins, at a path of one's own",
      async ({ open }) => {
        // The suite's description of the API is that of open metrics.
        const status = async (path: string, as: string | null) => (await open("GET", path, { as })).status;
        for (const path of ["/internal/metrics", "/api/v1/metrics"]) {
          assert.deepEqual(
            [await status(path, null), await status(path, "ada"), await status(path, "root")],
            [401, 403, 200],
          );
        }
        assert.equal(await status("/metrics", "root"), 404);
      },
      { options: { metrics: admins.metrics } },
    ),
  ],
};
