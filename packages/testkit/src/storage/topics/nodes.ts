import assert from "node:assert/strict";
import { ChatError, createChatEngine, type Storage, systemClock, type Turn } from "@parlor/core";
import { says, scriptedBackend, type Step } from "@parlor/core/testing";
import { times } from "../samples.ts";
import { type Context, timed, topic } from "../topic.ts";

const engineOn = (storage: Storage) =>
  createChatEngine({ storage, backend: scriptedBackend(() => says("An answer.")) });

/** A turn whose process stops in the middle of it: nothing of it does anything any more, the lease's renewal included. */
async function left({ nodes, key, beat }: Context): Promise<Turn> {
  const half: readonly Step[] = [{ type: "text", text: "Half an answer" }, { stall: true }];
  const dying = createChatEngine({
    storage: nodes[0],
    backend: scriptedBackend(half),
    clock: { ...systemClock, every: () => () => {} },
    lease: { ms: 2 * beat, renewMs: beat },
  });
  const turn = await dying.start({ owner: key().owner, session: key().id, message: "A question." });
  await new Promise<void>((resolve) => turn.subscribe(0, { onBatch: () => resolve() }));
  return turn;
}

/** Question and answer are there, the answer as far as it went. */
async function folded({ nodes, key }: Context): Promise<void> {
  const [question, answer] = (await nodes[1].sessions.messages(key(), { limit: 2, before: 3 })) ?? [];
  assert.deepEqual([question?.status, question?.parts], ["complete", [{ type: "text", text: "A question." }]]);
  assert.deepEqual([answer?.status, answer?.parts], ["interrupted", [{ type: "text", text: "Half an answer" }]]);
}

const allParts = ["sessions", "turns", "limits", "records", "bus"] as const;

/** What the parts have to do together: an engine on each of two nodes. */
export const nodes = topic("two nodes", allParts, {
  "the next turn on another node ends one whose process died, and keeps what it had said": timed(async (context) => {
    await left(context);
    await context.advance(3);
    const { owner, id } = context.key();
    const engine = engineOn(context.nodes[1]);
    assert.equal((await engine.send({ owner, session: id, message: "And now?" })).text, "An answer.");
    await folded(context);
    await engine.close();
  }),

  "so does who reads its history": timed(async (context) => {
    const { id: turn } = await left(context);
    const engine = engineOn(context.nodes[1]);
    assert.equal(
      (await engine.sessions.history(context.key()))?.messages[1]?.status,
      "streaming",
      "its writer may live",
    );
    await context.advance(3);
    assert.equal((await engine.sessions.history(context.key()))?.messages[1]?.status, "interrupted");
    await folded(context);
    const { events = [] } = (await context.nodes[1].turns.read(context.key(), turn, 0, 10)) ?? {};
    assert.deepEqual(
      events.map(({ type }) => type),
      ["text", "end"],
    );
    await engine.close();
  }),

  "erasing an owner cuts no turn that another node begins meanwhile, and leaves nothing": async ({ nodes, owner }) => {
    const [eraser, other] = [engineOn(nodes[0]), engineOn(nodes[1])];
    let erasing = true;
    const endings = new Map<string, number>();
    const chat = async (session: string) => {
      while (erasing) {
        const ending = await other.send({ owner, session, message: "A question." }).then(
          ({ outcome }) => outcome.status as string,
          (error: unknown) => (ChatError.isInstance(error) ? error.code : String(error)),
        );
        endings.set(ending, (endings.get(ending) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const chats = times(4, (at) => chat(`s${at}`));
    for (let round = 0; round < 10; round++) {
      await other.send({ owner, session: "first", message: "A question." });
      await eraser.sessions.deleteOwner(owner);
    }
    erasing = false;
    await Promise.all(chats);
    // Answered, stopped, or refused before anything was stored; never cut (`lease_lost`).
    const expected = new Set(["complete", "interrupted", "turn_in_progress", "turn_stopped"]);
    assert.deepEqual(
      [...endings.keys()].filter((ending) => !expected.has(ending)),
      [],
    );
    assert.ok((endings.get("complete") ?? 0) > 0);
    for (const id of ["first", ...times(4, (at) => `s${at}`)]) {
      const history = await other.storage.sessions.messages({ owner, id }, { limit: 1_000 });
      const open = history?.filter(({ status }) => status === "streaming") ?? [];
      assert.deepEqual(open, [], "nothing is left behind that nobody writes");
    }
    await eraser.sessions.deleteOwner(owner);
    const { sessions, messages } = await other.sessions.stats(owner);
    assert.deepEqual([sessions, messages], [0, 0]);
    await Promise.all([eraser.close(), other.close()]);
  },
});
