import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { inspect } from "node:util";
import type { ChatError } from "@parlor/core";
import { secret } from "../stage.ts";
import { type BackendCase, type BackendTopic, check, failureCodes, type Failure, type FailureCode } from "../suite.ts";

const marker = "MARK-upstream";
const failure = (code: FailureCode): Failure => ({ code, message: `${marker}: the key ${secret} did not work` });

/** What a provider says may repeat the key, or worse. */
export function showsNothing(error: ChatError | undefined): void {
  const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
  assert.ok(!shown.includes(secret), "the key is shown");
  assert.ok(!shown.includes(marker), "what the provider said is shown");
}

/** A failure before the answer. */
const before = (code: FailureCode): BackendCase =>
  check(
    `an HTTP answer that means ${code} is that`,
    async ({ ask, fake }) => {
      fake.next({ failure: failure(code) });
      const { error, events } = await ask();
      assert.deepEqual([error?.code, events], [code, []]);
      showsNothing(error);
    },
    { needs: [code] },
  );

export const failures: BackendTopic = {
  name: "failures",
  cases: [
    ...failureCodes.map(before),

    check(
      "in the middle of an answer are told, after what came before them",
      async ({ ask, fake, provider, soon }) => {
        const told = failureCodes.filter((code) => provider.failureInStream(failure(code)) !== undefined);
        assert.ok(told.length > 0, "the fixtures have none; `lacks` has to name failures-in-stream");
        for (const [index, code] of told.entries()) {
          fake.next({
            answer: { said: [{ text: "begun" }, { text: "never" }] },
            records: ({ records }) => [
              ...records.slice(
                0,
                records.findIndex((record) => record.includes("never")),
              ),
              provider.failureInStream(failure(code)) ?? "",
            ],
          });
          const outcome = await ask();
          assert.deepEqual([outcome.text, outcome.finish, outcome.error?.code], ["begun", undefined, code]);
          showsNothing(outcome.error);
          await soon((await fake.request(index)).closed, "the end of the exchange");
        }
      },
      { needs: ["failures-in-stream"] },
    ),

    check(
      "of rate tell when to try again",
      async ({ ask, fake }) => {
        fake.next({ failure: { ...failure("backend_rate_limited"), retryAfterSeconds: 3600 } });
        const { error } = await ask();
        assert.deepEqual([error?.code, error?.retryAfterMs], ["backend_rate_limited", 3_600_000]);
      },
      { needs: ["backend_rate_limited"] },
    ),

    check("of a proxy between, in HTML, go by their status", async ({ ask, fake }) => {
      const html = { headers: { "content-type": "text/html" }, body: `<h1>${marker} ${secret}</h1>` };
      for (const [status, code] of [
        [401, "backend_auth"],
        [429, "backend_rate_limited"],
        [500, "backend_error"],
        [502, "backend_error"],
        [503, "backend_overloaded"],
        [504, "backend_timeout"],
      ] as const) {
        fake.next({ reply: { ...html, status } });
        const { error } = await ask();
        assert.equal(error?.code, code, `HTTP ${status}`);
        showsNothing(error);
      }
    }),

    check(
      "under HTTP 200: a page in HTML makes no sense",
      async ({ ask, fake }) => {
        fake.next({ reply: { headers: { "content-type": "text/html" }, body: `<h1>${marker}</h1>` } });
        const { error, events } = await ask();
        assert.deepEqual([error?.code, events], ["upstream_invalid", []]);
        showsNothing(error);
      },
      { needs: ["wire"] },
    ),

    check(
      "within a stream: a record that is no JSON makes no sense",
      async ({ ask, fake }) => {
        fake.next({
          answer: { said: [{ text: "begun" }, { text: "never" }] },
          records: ({ records }) =>
            records.map((record) =>
              record.includes("never") ? record.replace(/data: .*/, `data: {"${marker} ${secret}`) : record,
            ),
        });
        const outcome = await ask();
        assert.deepEqual([outcome.text, outcome.finish, outcome.error?.code], ["begun", undefined, "upstream_invalid"]);
        showsNothing(outcome.error);
      },
      { needs: ["wire"] },
    ),

    check(
      "T40: redirects are not followed",
      async ({ ask, fake }) => {
        const headers = { location: `${fake.url}/elsewhere` };
        fake.next({ reply: { status: 307, headers, body: "" } });
        const { error } = await ask();
        assert.ok(error, "a redirect is a failure");
        assert.equal(fake.requests.length, 1);
      },
      { needs: ["wire"] },
    ),

    check("to connect mean that the service is unavailable", async ({ ask, make }) => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => server.close(resolve));
      const { error } = await ask({ backend: await make({ url: `http://127.0.0.1:${port}` }) });
      assert.equal(error?.code, "backend_unavailable");
      showsNothing(error);
    }),

    check("of the connection before an answer mean that, too", async ({ ask, make }) => {
      const server = createServer((socket) => {
        socket.on("error", () => {}).on("data", () => socket.resetAndDestroy());
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      try {
        const { error } = await ask({ backend: await make({ url: `http://127.0.0.1:${port}` }) });
        assert.equal(error?.code, "backend_unavailable");
      } finally {
        server.close();
      }
    }),

    check("of the wire before an answer make no sense where it is not HTTP", async ({ ask, make }) => {
      const server = createServer((socket) => {
        socket.on("error", () => {}).on("data", () => socket.end(`${marker} ${secret}\r\n\r\n`));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      try {
        const { error } = await ask({ backend: await make({ url: `http://127.0.0.1:${port}` }) });
        assert.ok(["upstream_invalid", "backend_unavailable"].includes(error?.code ?? ""), error?.code);
        showsNothing(error);
      } finally {
        server.close();
      }
    }),
  ],
};
