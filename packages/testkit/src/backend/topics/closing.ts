import assert from "node:assert/strict";
import { toRequest } from "../stage.ts";
import { type BackendTopic, check } from "../suite.ts";

export const closing: BackendTopic = {
  name: "closing",
  cases: [
    check("may be done twice, ends what runs and refuses what comes", async ({ backend, ask, fake, soon }) => {
      fake.next({
        answer: { said: [{ text: "begun" }, { text: "never" }] },
        records: async function* ({ records }) {
          yield* records.slice(
            0,
            records.findIndex((record) => record.includes("never")),
          );
          await new Promise(() => {});
        },
      });
      const call = backend.generate(toRequest(), new AbortController().signal)[Symbol.asyncIterator]();
      await soon(call.next(), "the first text");
      const next = call.next().then(
        () => "ended",
        () => "failed",
      );
      await soon(backend.close(), "closing");
      await soon(backend.close(), "closing again");
      assert.equal(await soon(next, "the end of the call"), "failed");
      assert.ok((await ask()).error, "a closed backend answers nobody");
      await soon(fake.quiet(), "the end of every connection");
      assert.equal(fake.requests.length, 1);
    }),

    check("closes connections that were kept for later", async ({ backend, ask, fake, soon }) => {
      await ask();
      await backend.close();
      await soon(fake.quiet(), "the end of every connection");
    }),
  ],
};
