import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { BackendEvent, ModelBackend } from "@parlor/core";
import { toRequest } from "../stage.ts";
import { checkLocal, type LocalStage, type LocalTopic } from "./suite.ts";

const endless = { text: "On and on. ", endless: true };

/** Reads to the first text of an answer that does not end by itself. */
async function begin({ make, soon }: LocalStage, signal: AbortSignal) {
  const backend = await make(endless);
  const call = backend.generate(toRequest(), signal)[Symbol.asyncIterator]();
  await soon(call.next(), "the first text");
  return { backend, call };
}

/** How what is left of a call ends. */
async function rest(call: AsyncIterator<readonly BackendEvent[]>): Promise<"ended" | "failed"> {
  try {
    for (let next = await call.next(); next.done !== true;) next = await call.next();
    return "ended";
  } catch {
    return "failed";
  }
}

async function goesOn({ ask }: LocalStage, backend: ModelBackend): Promise<void> {
  const { finish } = await ask(backend, { request: { settings: { maxTokens: 2 } } });
  assert.equal(finish, "length", "the next call is answered");
}

export const ending: LocalTopic = {
  name: "ending a call",
  cases: [
    checkLocal("in the middle leaves nothing, and the next is answered", async (stage) => {
      const stop = new AbortController();
      const { backend, call } = await begin(stage, stop.signal);
      stop.abort(new Error("enough"));
      await stage.soon(rest(call), "the end of the call");
      assert.deepEqual(getEventListeners(stop.signal, "abort"), []);
      await goesOn(stage, backend);
    }),

    checkLocal("before it began generates nothing", async ({ make, ask }) => {
      const { events } = await ask(await make(endless), { signal: AbortSignal.abort() });
      assert.deepEqual(events, []);
    }),

    checkLocal("before the first word ends it too", async (stage) => {
      const stop = new AbortController();
      const backend = await stage.make(endless);
      const asked = stage.ask(backend, { request: "A question of some length. ".repeat(50), signal: stop.signal });
      stop.abort();
      assert.deepEqual((await asked).events, []);
      await goesOn(stage, backend);
    }),

    checkLocal("by leaving the loop does", async (stage) => {
      const { signal } = new AbortController();
      const { backend, call } = await begin(stage, signal);
      await stage.soon(Promise.resolve(call.return?.()), "the end of the call");
      assert.deepEqual(getEventListeners(signal, "abort"), []);
      await goesOn(stage, backend);
    }),

    checkLocal("by itself leaves no listener on a signal that lives on", async ({ make, ask }) => {
      const { signal } = new AbortController();
      const backend = await make({ text: "Hello" });
      for (let call = 0; call < 3; call += 1) await ask(backend, { signal });
      assert.deepEqual(getEventListeners(signal, "abort"), []);
    }),

    checkLocal("by closing the backend may be done twice, and it refuses what comes", async (stage) => {
      const { backend, call } = await begin(stage, new AbortController().signal);
      const end = rest(call);
      await stage.soon(backend.close(), "closing");
      await stage.soon(backend.close(), "closing again");
      assert.equal(await stage.soon(end, "the end of the call"), "failed");
      assert.ok((await stage.ask(backend)).error, "a closed backend answers nobody");
    }),
  ],
};
