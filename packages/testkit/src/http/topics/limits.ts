import assert from "node:assert/strict";
import { expectProblem } from "../expect.ts";
import { check, type Answer, type HttpTopic } from "../suite.ts";

const minute = 60_000;
const hi = { message: "Hi", session_id: "s1" };
const stream = "/api/v1/chat/stream?message=Hi&session_id=s1";

function fieldsOf({ headers }: Pick<Answer, "headers">) {
  return { policy: headers.get("ratelimit-policy"), left: headers.get("ratelimit") };
}

/** Without the seconds, which pass. */
const untimed = (answer: Pick<Answer, "headers">) => fieldsOf(answer).left?.replace(/t=\d+/g, "t");

export const limits: HttpTopic = {
  name: "limits",
  cases: [
    check("nothing is said of limits where there are none", async ({ ask }) => {
      assert.deepEqual(fieldsOf(await ask("POST", "/chat", { body: hi })), { policy: null, left: null });
    }),
    check(
      "turns: the reply says the rules and what they leave, streamed or not, passed or refused",
      async ({ ask }) => {
        const first = await ask("POST", "/chat", { body: hi });
        assert.deepEqual(fieldsOf(first), {
          policy: '"turns-60";q=2;w=60, "turns-3600";q=100;w=3600',
          left: '"turns-60";r=1;t=60, "turns-3600";r=99;t=3600',
        });
        assert.equal(untimed(await ask("GET", stream)), '"turns-60";r=0;t, "turns-3600";r=98;t');
        const refused = await ask("POST", "/chat", { body: hi });
        expectProblem(refused, 429, "rate_limited");
        assert.equal(untimed(refused), '"turns-60";r=0;t, "turns-3600";r=97;t');
        const seconds = Number(refused.headers.get("retry-after"));
        const [, reset] = /;t=(\d+)/.exec(fieldsOf(refused).left ?? "") ?? [];
        assert.ok(seconds >= 1 && seconds >= Number(reset), "Retry-After is earlier than the window's end");
        assert.equal((await ask("POST", "/chat", { as: "eve", body: hi })).status, 200);
        assert.equal(fieldsOf(await ask("GET", "/sessions")).policy, null);
      },
      {
        engine: () => ({
          limits: {
            requests: [
              { limit: 2, windowMs: minute },
              { limit: 100, windowMs: 3_600_000 },
            ],
          },
        }),
      },
    ),
    check(
      "requests: whoever asks is counted on all routes, what is public is not",
      async ({ ask }) => {
        assert.deepEqual(fieldsOf(await ask("GET", "/sessions")), {
          policy: '"requests-60";q=3;w=60',
          left: '"requests-60";r=2;t=60',
        });
        assert.equal((await ask("GET", "/status")).headers.get("ratelimit"), null);
        // What is refused for its content counts, too.
        assert.equal((await ask("POST", "/chat", { body: {} })).status, 422);
        assert.equal((await ask("GET", "/history/s1")).status, 404);
        for (const path of ["/sessions", "/api/v1/sessions", "/stats"]) {
          const refused = await ask("GET", path);
          expectProblem(refused, 429, "rate_limited");
          assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
          assert.equal(untimed(refused), '"requests-60";r=0;t');
        }
        for (const path of ["/health", "/status"]) assert.equal((await ask("GET", path)).status, 200);
        assert.equal((await ask("GET", "/sessions", { as: "eve" })).status, 200);
        expectProblem(await ask("GET", "/sessions", { as: "nobody" }), 401, "unauthorized");
      },
      { options: { limits: { requests: [{ limit: 3, windowMs: minute }] } } },
    ),
    check(
      "requests: a group has rules of its own beside, and a refusal by one is charged by none",
      async ({ ask }) => {
        assert.equal(untimed(await ask("GET", "/api/v1/sessions")), '"requests-60";r=8;t, "requests-v1-60";r=0;t');
        assert.equal(untimed(await ask("GET", "/sessions")), '"requests-60";r=7;t');
        expectProblem(await ask("GET", "/api/v1/sessions"), 429, "rate_limited");
        assert.equal(untimed(await ask("GET", "/sessions")), '"requests-60";r=6;t');
      },
      {
        options: {
          limits: { requests: [{ limit: 9, windowMs: minute }], groups: { v1: [{ limit: 1, windowMs: minute }] } },
        },
      },
    ),
    check(
      "T15: who comes without credentials is counted by address, whatever a header says of it",
      async ({ ask }) => {
        const from = (address: string) =>
          ask("GET", "/sessions", {
            as: null,
            headers: { "x-forwarded-for": address, "x-real-ip": address, forwarded: `for=${address}` },
          });
        assert.equal((await from("203.0.113.1")).status, 200);
        for (const address of ["203.0.113.2", "2001:db8::1", "::ffff:203.0.113.3"]) {
          expectProblem(await from(address), 429, "rate_limited");
        }
      },
      { options: { access: "public", limits: { requests: [{ limit: 1, windowMs: minute }] } } },
    ),
    check(
      "requests: credentials that are not good are counted by address, and harm nobody who is known",
      async ({ ask }) => {
        for (let index = 0; index < 2; index += 1) {
          expectProblem(await ask("GET", "/sessions", { as: `guess-${index}` }), 401, "unauthorized");
        }
        expectProblem(await ask("GET", "/sessions", { as: "guess" }), 429, "rate_limited");
        assert.equal((await ask("GET", "/sessions")).status, 200);
      },
      { options: { limits: { requests: [{ limit: 2, windowMs: minute }] } } },
    ),
    check(
      "T33: so many streams at once, and the place of one that has ended is free",
      async ({ ask, open, release, backend }) => {
        const first = await open("GET", stream);
        const waiting = ask("POST", "/chat", { body: { ...hi, session_id: "s2" } });
        await backend.called(1);
        for (const [method, path, asked] of [
          ["GET", "/api/v1/chat/stream?message=Hi&session_id=s3", {}],
          ["POST", "/chat", { body: { ...hi, session_id: "s3" } }],
          ["GET", "/api/v1/chat/stream?session_id=s1", { headers: { "last-event-id": `${"0".repeat(36)}:0` } }],
        ] as const) {
          const refused = await ask(method, path, asked);
          expectProblem(refused, 429, "too_many_streams");
          assert.equal(refused.headers.get("retry-after"), "1");
          assert.deepEqual(fieldsOf(refused), {
            policy: '"streams";q=2;qu="concurrent-requests"',
            left: '"streams";r=0;t=1',
          });
        }
        assert.equal(backend.calls.length, 2);
        assert.equal((await ask("GET", "/sessions")).status, 200);
        const other = await open("GET", stream, { as: "eve" });
        release();
        for (const response of [first, other]) await response.text();
        await waiting;
        assert.equal((await ask("GET", `${stream.replace("s1", "s3")}`)).status, 200);
      },
      {
        model: (gate) => [{ wait: gate }, { type: "text", text: "Well" }, { type: "finish", reason: "stop" }],
        options: { limits: { streams: 2 } },
      },
    ),
  ],
};
