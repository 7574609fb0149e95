import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createChatEngine, type Deadlines, type ModelBackend } from "@parlor/core";
import { type BackendTopic, check } from "../suite.ts";

/** How a turn of an engine with this backend fails. */
async function turnOf(backend: ModelBackend, deadlines: Partial<Deadlines>): Promise<unknown> {
  const engine = createChatEngine({ backend, deadlines });
  try {
    return await engine.send({ owner: "ada", session: "s", message: "Hi" }).catch((error: unknown) => error);
  } finally {
    await engine.close({ drainMs: 0 });
  }
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

export const deadlines: BackendTopic = {
  name: "deadlines",
  cases: [
    check(
      "an answer that stalls is the engine's to end, and the connection is closed",
      async ({ backend, fake, soon }) => {
        fake.next({
          answer: { said: [{ text: "begun" }, { text: "never" }] },
          records: ({ records }) =>
            stall(
              records.slice(
                0,
                records.findIndex((record) => record.includes("never")),
              ),
            ),
        });
        const error = await soon(turnOf(backend, { idleMs: 100 }), "the deadline");
        assert.equal(codeOf(error), "backend_timeout");
        assert.equal(await soon((await fake.request(0)).closed, "the end of the connection"), "aborted");
      },
    ),

    check("so is one that does not begin", async ({ backend, fake, soon }) => {
      fake.next({ reply: { delayMs: 60_000 } });
      const error = await soon(turnOf(backend, { firstTokenMs: 100 }), "the deadline");
      assert.equal(codeOf(error), "backend_timeout");
      assert.equal(await soon((await fake.request(0)).closed, "the end of the connection"), "aborted");
    }),

    check(
      "a connection that is not made in time is given up: TCP and TLS together",
      async ({ ask, make, soon }) => {
        const silent = createServer((socket) => socket.on("error", () => {}).resume());
        silent.listen(0, "127.0.0.1");
        await once(silent, "listening");
        const { port } = silent.address() as AddressInfo;
        const gone = once(silent, "connection").then(([socket]: { once: typeof silent.once }[]) =>
          once(socket as never, "close"),
        );
        try {
          const { error } = await ask({ backend: await make({ url: `https://127.0.0.1:${port}`, connectMs: 100 }) });
          assert.equal(error?.code, "backend_unavailable");
          await soon(gone, "the end of the connection");
        } finally {
          silent.close();
        }
      },
      { needs: ["connect-deadline"] },
    ),
  ],
};

async function* stall(records: readonly string[]): AsyncGenerator<string> {
  yield* records;
  await new Promise(() => {});
}
