import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { toRequest } from "../stage.ts";
import { type BackendTopic, check, type Script, type Stage } from "../suite.ts";

/** Says "begun" and then nothing more. */
const stalled: Script = {
  answer: { said: [{ text: "begun" }, { text: "never" }] },
  records: ({ records }) =>
    stall(
      records.slice(
        0,
        records.findIndex((record) => record.includes("never")),
      ),
    ),
};

async function* stall(records: readonly string[]): AsyncGenerator<string> {
  yield* records;
  await new Promise(() => {});
}

/** Reads to the first text of an answer that stalls behind it. */
async function begin({ backend, fake, soon }: Stage, signal: AbortSignal): Promise<AsyncIterator<unknown>> {
  fake.next(stalled);
  const call = backend.generate(toRequest(), signal)[Symbol.asyncIterator]();
  const { value } = await soon(call.next(), "the first text");
  assert.deepEqual(value, [{ type: "text", text: "begun" }]);
  return call;
}

const ended = (call: Promise<IteratorResult<unknown>>): Promise<boolean> =>
  call.then(
    ({ done }) => done === true,
    () => true,
  );

export const aborting: BackendTopic = {
  name: "ending a call",
  cases: [
    check("in the middle closes the connection and leaves nothing", async (stage) => {
      const { fake, soon } = stage;
      const stop = new AbortController();
      const call = await begin(stage, stop.signal);
      const next = ended(call.next());
      stop.abort(new Error("enough"));
      assert.ok(await soon(next, "the end of the call"));
      assert.equal(await soon((await fake.request(0)).closed, "the end of the connection"), "aborted");
      await soon(fake.quiet(), "the end of every connection");
      assert.deepEqual(getEventListeners(stop.signal, "abort"), []);
    }),

    check("before the answer closes the connection too", async ({ ask, fake, soon }) => {
      fake.next({ reply: { delayMs: 60_000 } });
      const stop = new AbortController();
      const asked = ask({ signal: stop.signal });
      const { closed } = await soon(fake.request(0), "the request");
      stop.abort();
      assert.deepEqual((await asked).events, []);
      assert.equal(await soon(closed, "the end of the connection"), "aborted");
      assert.deepEqual(getEventListeners(stop.signal, "abort"), []);
    }),

    check("before it began asks nobody", async ({ ask, fake }) => {
      assert.deepEqual((await ask({ signal: AbortSignal.abort() })).events, []);
      assert.deepEqual(fake.connections, { opened: 0, open: 0 });
    }),

    check("by leaving the loop closes the connection", async (stage) => {
      const { fake, soon } = stage;
      const { signal } = new AbortController();
      const call = await begin(stage, signal);
      await soon(Promise.resolve(call.return?.()), "the end of the call");
      assert.equal(await soon((await fake.request(0)).closed, "the end of the connection"), "aborted");
      assert.deepEqual(getEventListeners(signal, "abort"), []);
    }),

    check("well or badly leaves no listener on a signal that lives on", async ({ ask, fake }) => {
      const { signal } = new AbortController();
      for (let call = 0; call < 3; call++) await ask({ signal });
      fake.next({ reply: { status: 500, body: "" } });
      await ask({ signal });
      await new Promise(setImmediate);
      assert.deepEqual(getEventListeners(signal, "abort"), []);
    }),
  ],
};
