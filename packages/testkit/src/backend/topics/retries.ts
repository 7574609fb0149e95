import assert from "node:assert/strict";
import { type BackendCase, type BackendTopic, check, type Failure, type FailureCode, type Script } from "../suite.ts";

const failing = (code: FailureCode, retryAfterSeconds?: number): Script => {
  const failure: Failure = { code, message: "Sorry" };
  return { failure: retryAfterSeconds === undefined ? failure : { ...failure, retryAfterSeconds } };
};

const passing: readonly FailureCode[] = ["backend_rate_limited", "backend_overloaded", "backend_error"];
const lasting: readonly FailureCode[] = [
  "backend_auth",
  "backend_quota",
  "backend_bad_request",
  "context_too_long",
  "content_filter",
];

const again = (code: FailureCode): BackendCase =>
  check(
    `a call that failed with ${code} is made again, with the same body`,
    async ({ ask, make, fake }) => {
      fake.next(failing(code, 0), failing(code, 0));
      const outcome = await ask({ backend: await make({ retries: 2 }) });
      assert.deepEqual([outcome.text, outcome.error], ["Hello there", undefined]);
      assert.equal(fake.requests.length, 3);
      assert.equal(new Set(fake.requests.map((request) => request.text)).size, 1);
    },
    { needs: ["retries", code] },
  );

const once = (code: FailureCode): BackendCase =>
  check(
    `a call that failed with ${code} is not made again`,
    async ({ ask, make, fake }) => {
      fake.next(failing(code));
      assert.equal((await ask({ backend: await make({ retries: 2 }) })).error?.code, code);
      assert.equal(fake.requests.length, 1);
    },
    { needs: [code] },
  );

export const retries: BackendTopic = {
  name: "trying again",
  cases: [
    ...passing.map(again),
    ...lasting.map(once),

    check(
      "ends after as many times as were allowed",
      async ({ ask, make, fake }) => {
        fake.next(...Array.from({ length: 5 }, () => failing("backend_error", 0)));
        assert.equal((await ask({ backend: await make({ retries: 1 }) })).error?.code, "backend_error");
        assert.equal(fake.requests.length, 2);
      },
      { needs: ["retries", "backend_error"] },
    ),

    check(
      "is off with 0, the client library's own way too",
      async ({ ask, fake }) => {
        fake.next(...Array.from({ length: 3 }, () => failing("backend_error", 0)));
        assert.equal((await ask()).error?.code, "backend_error");
        assert.equal(fake.requests.length, 1);
      },
      { needs: ["backend_error"] },
    ),

    check(
      "does not wait above 30 s: fails and says when",
      async ({ ask, make, fake }) => {
        fake.next(failing("backend_rate_limited", 3600));
        const { error } = await ask({ backend: await make({ retries: 2 }) });
        assert.deepEqual([error?.code, error?.retryAfterMs], ["backend_rate_limited", 3_600_000]);
        assert.equal(fake.requests.length, 1);
      },
      { needs: ["backend_rate_limited"] },
    ),

    check("is over once a part of the answer came", async ({ ask, make, fake }) => {
      fake.next({ answer: { said: [{ text: "begun" }] }, records: ({ records, whole }) => records.slice(0, whole) });
      const outcome = await ask({ backend: await make({ retries: 2 }) });
      assert.deepEqual([outcome.text, outcome.error?.code], ["begun", "upstream_truncated"]);
      assert.equal(fake.requests.length, 1);
    }),

    check(
      "ends when somebody ends the call",
      async ({ ask, make, fake, soon }) => {
        fake.next(failing("backend_overloaded", 29));
        const stop = new AbortController();
        const asked = ask({ backend: await make({ retries: 2 }), signal: stop.signal });
        await soon((await fake.request(0)).closed, "the failure");
        setImmediate(() => stop.abort());
        assert.deepEqual((await asked).events, []);
        assert.equal(fake.requests.length, 1);
      },
      { needs: ["retries", "backend_overloaded"] },
    ),
  ],
};
