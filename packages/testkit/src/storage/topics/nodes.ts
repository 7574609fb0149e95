import assert from "node:assert/strict";
import { ChatError, createChatEngine, type Storage } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { times } from "../samples.ts";
import { topic } from "../topic.ts";

const engineOn = (storage: Storage) =>
  createChatEngine({ storage, backend: scriptedBackend(() => says("An answer.")) });

const allParts = ["sessions", "turns", "limits", "records", "bus"] as const;

/** What the parts have to do together: an engine on each of two nodes. */
export const nodes = topic("two nodes", allParts, {
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
