import assert from "node:assert/strict";
import { type BackendCase, type BackendTopic, check } from "../suite.ts";

const begun = { said: [{ text: "begun" }, { text: "never" }] };

/** All that a provider can push out before its client's socket is closed: what the kernel takes, and some. */
const most = 64 * 1_048_576;

/** The provider begins an answer and then sends this for ever. */
function endless(name: string, bytes: string): BackendCase {
  return check(
    name,
    async ({ ask, fake, soon }) => {
      fake.next({
        answer: begun,
        wire: { endless: bytes },
        records: ({ records }) =>
          records.slice(
            0,
            records.findIndex((record) => record.includes("never")),
          ),
      });
      const outcome = await ask();
      assert.deepEqual([outcome.text, outcome.finish, outcome.error?.code], ["begun", undefined, "upstream_invalid"]);
      const request = await fake.request(0);
      assert.equal(await soon(request.closed, "the end of the connection"), "aborted");
      assert.ok(request.written < most, `${request.written} bytes were taken`);
    },
    { needs: ["wire"] },
  );
}

export const bounds: BackendTopic = {
  name: "what is too large",
  cases: [
    endless("T40: an event without end is given up at 1 MB", "data: x"),
    endless("an event of lines without end is given up at 1 MB", "data: x\n"),

    check("an event above 1 MB makes no sense", async ({ ask, fake, soon }) => {
      const more = Array.from({ length: 500 }, () => ({ text: "more" }));
      const said = [{ text: "begun" }, { text: "x".repeat(1_100_000) }, ...more];
      fake.next({ answer: { said }, wire: { perWrite: 1 } });
      const outcome = await ask();
      assert.deepEqual([outcome.text, outcome.finish, outcome.error?.code], ["begun", undefined, "upstream_invalid"]);
      assert.equal(await soon((await fake.request(0)).closed, "the end of the connection"), "aborted");
    }),

    check("an event of half a megabyte is an event", async ({ ask, fake }) => {
      const long = "x".repeat(500_000);
      fake.next({ answer: { said: [{ text: long }] } });
      const outcome = await ask();
      assert.deepEqual([outcome.text === long, outcome.finish, outcome.error], [true, "stop", undefined]);
    }),

    check(
      "T40: a failure's body without end is not read to its end",
      async ({ ask, fake, soon }) => {
        fake.next({ reply: { status: 500, wire: { endless: "sorry " } } });
        const { error } = await ask();
        assert.equal(error?.code, "backend_error");
        const request = await fake.request(0);
        assert.equal(await soon(request.closed, "the end of the connection"), "aborted");
        assert.ok(request.written < most, `${request.written} bytes were taken`);
      },
      { needs: ["wire"] },
    ),
  ],
};
