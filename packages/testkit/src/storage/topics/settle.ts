import assert from "node:assert/strict";
import type { Message, SessionKey, SessionStore } from "@parlor/core";
import { topic } from "../topic.ts";
import { allMessages, answered, atOnce, counted, idsOf, said, streaming, wide } from "../samples.ts";

/** Two exchanges; the last answer is still streaming. */
async function conversation(sessions: SessionStore, key: SessionKey): Promise<Map<string, Message>> {
  await sessions.open(key, { append: [said("u1"), streaming("a1", "t1")], window: wide });
  await sessions.settle(key, answered("a1", "t1"), { turn: "t1" });
  await sessions.append(key, [said("u2"), streaming("a2", "t2")]);
  return new Map((await allMessages(sessions, key)).map((message) => [message.id, message]));
}

export const settle = topic("settle", ["sessions"], {
  "the streaming message becomes the final one, in its place": async ({ sessions, key }) => {
    const before = await conversation(sessions, key());
    const final = answered("a2", "t2", { tokens: 7, meta: { model: "model", finishReason: "stop" } });
    assert.equal(await sessions.settle(key(), final, { turn: "t2" }), true);
    const stored = await allMessages(sessions, key());
    assert.deepEqual(idsOf(stored), ["u1", "a1", "u2", "a2"]);
    assert.deepEqual(stored[3], { ...final, seq: before.get("a2")?.seq });
    await counted(sessions, key());
  },

  "every way to end is kept": async ({ sessions, key }) => {
    await sessions.create(key(), {});
    for (const status of ["complete", "interrupted", "failed", "superseded"] as const) {
      await sessions.append(key(), [streaming(status, "t1")]);
      assert.equal(await sessions.settle(key(), answered(status, "t1", { status }), { turn: "t1" }), true);
      assert.equal((await sessions.message(key(), status))?.status, status);
    }
    assert.equal((await sessions.get(key()))?.messageCount, 3, "a superseded one does not count");
    await counted(sessions, key());
  },

  "usage is summed over settled answers": async ({ sessions, key }) => {
    await sessions.create(key(), {});
    const usages = [{ inputTokens: 3, outputTokens: 5 }, undefined, { inputTokens: 10, outputTokens: 0 }];
    for (const [at, usage] of usages.entries()) {
      await sessions.append(key(), [streaming(`a${at}`, `t${at}`)]);
      const meta = usage ? { usage: { ...usage, cachedInputTokens: 2 } } : {};
      await sessions.settle(key(), answered(`a${at}`, `t${at}`, { meta }), { turn: `t${at}` });
    }
    assert.deepEqual((await sessions.get(key()))?.usage, { inputTokens: 13, outputTokens: 5 });
  },

  "a message settles once": async ({ sessions, key }) => {
    await conversation(sessions, key());
    const usage = { inputTokens: 1, outputTokens: 1 };
    await sessions.settle(key(), answered("a2", "t2", { meta: { usage } }), { turn: "t2" });
    const session = await sessions.get(key());
    const stored = await allMessages(sessions, key());
    const again = answered("a2", "t2", { parts: [{ type: "text", text: "Another" }], meta: { usage } });
    assert.equal(await sessions.settle(key(), again, { turn: "t2", supersede: { from: 1, to: 3 } }), false);
    assert.deepEqual(await sessions.get(key()), session, "nothing changed");
    assert.deepEqual(await allMessages(sessions, key(), true), stored, "nothing changed");
  },

  "what no longer stands so is not settled": async ({ sessions, key }) => {
    await conversation(sessions, key());
    const session = await sessions.get(key());
    const stored = await allMessages(sessions, key());
    const supersede = { from: 1, to: 1_000 };
    assert.equal(await sessions.settle(key(), answered("a2", "t1"), { turn: "t1", supersede }), false, "another turn");
    assert.equal(
      await sessions.settle(key(), answered("a3", "t2"), { turn: "t2", supersede }),
      false,
      "no such message",
    );
    assert.equal(await sessions.settle(key(), answered("a1", "t1"), { turn: "t1", supersede }), false, "is complete");
    assert.equal(await sessions.settle(key(), answered("u2", "t2"), { turn: "t2", supersede }), false, "the user's");
    assert.deepEqual(await sessions.get(key()), session, "nothing changed");
    assert.deepEqual(await allMessages(sessions, key(), true), stored, "nothing changed");
  },

  "a message that was cleared or deleted is not settled": async ({ sessions, key }) => {
    await conversation(sessions, key("a"));
    await sessions.clear(key("a"));
    assert.equal(await sessions.settle(key("a"), answered("a2", "t2"), { turn: "t2" }), false);
    assert.deepEqual(await allMessages(sessions, key("a"), true), []);
    await conversation(sessions, key("b"));
    await sessions.delete(key("b"));
    assert.equal(await sessions.settle(key("b"), answered("a2", "t2"), { turn: "t2" }), false);
    assert.equal(await sessions.get(key("b")), undefined);
  },

  "a range is superseded in the same step, the settled message excepted": async ({ sessions, key }) => {
    const before = await conversation(sessions, key());
    const [from, to] = [before.get("a1")?.seq ?? 0, before.get("a2")?.seq ?? 0];
    assert.equal(await sessions.settle(key(), answered("a2", "t2"), { turn: "t2", supersede: { from, to } }), true);
    const all = await allMessages(sessions, key(), true);
    assert.deepEqual(
      all.map(({ id, status }) => [id, status]),
      [
        ["u1", "complete"],
        ["a1", "superseded"],
        ["u2", "superseded"],
        ["a2", "complete"],
      ],
    );
    assert.deepEqual(all[1], { ...before.get("a1"), status: "superseded" }, "nothing else of them changed");
    assert.deepEqual(idsOf(await allMessages(sessions, key())), ["u1", "a2"]);
    assert.deepEqual(await sessions.message(key(), "a1"), all[1], "there by id");
    await counted(sessions, key());
    const { window } = await sessions.open(key(), { append: [], window: wide });
    assert.deepEqual(idsOf(window), ["u1", "a2"]);
  },

  "a range may hold what came after the settled message": async ({ sessions, key }) => {
    const before = await conversation(sessions, key());
    await sessions.append(key(), [said("u3"), said("u4")]);
    const seq = (await sessions.message(key(), "u4"))?.seq ?? 0;
    const supersede = { from: before.get("u2")?.seq ?? 0, to: seq };
    assert.equal(await sessions.settle(key(), answered("a2", "t2"), { turn: "t2", supersede }), true);
    assert.deepEqual(idsOf(await allMessages(sessions, key())), ["u1", "a1", "a2"]);
    await counted(sessions, key());
  },

  "superseding twice counts once": async ({ sessions, key }) => {
    const before = await conversation(sessions, key());
    const from = before.get("a1")?.seq ?? 0;
    await sessions.settle(key(), answered("a2", "t2"), { turn: "t2", supersede: { from, to: from } });
    await sessions.append(key(), [streaming("a3", "t3")]);
    await sessions.settle(key(), answered("a3", "t3"), { turn: "t3", supersede: { from, to: 1_000_000 } });
    assert.deepEqual(idsOf(await allMessages(sessions, key())), ["u1", "a3"]);
    await counted(sessions, key());
  },

  "of many that settle at once one does": async ({ nodes, key }) => {
    const before = await conversation(nodes[0].sessions, key());
    const from = before.get("a1")?.seq ?? 0;
    const settled = await atOnce(20, async (at) =>
      nodes[(at % 2) as 0 | 1].sessions.settle(
        key(),
        answered("a2", "t2", { meta: { usage: { inputTokens: 1, outputTokens: 1 }, model: `model ${at}` } }),
        { turn: "t2", supersede: { from, to: from } },
      ),
    );
    assert.equal(settled.filter(Boolean).length, 1);
    const session = await nodes[0].sessions.get(key());
    assert.deepEqual(session?.usage, { inputTokens: 1, outputTokens: 1 });
    const stored = await nodes[0].sessions.message(key(), "a2");
    assert.equal(stored?.meta?.model, `model ${settled.indexOf(true)}`, "the one that was told so");
    await counted(nodes[0].sessions, key());
  },

  "settling and appending at once lose nothing": async ({ nodes: [one, two], key }) => {
    await one.sessions.create(key(), {});
    const rounds = 15;
    for (let at = 0; at < rounds; at++) {
      await one.sessions.append(key(), [streaming(`a${at}`, `t${at}`)]);
      const [settled] = await Promise.all([
        one.sessions.settle(key(), answered(`a${at}`, `t${at}`), { turn: `t${at}` }),
        two.sessions.append(key(), [said(`u${at}`)]),
        two.sessions.update(key(), { title: `Title ${at}` }),
      ]);
      assert.equal(settled, true);
    }
    const stored = await allMessages(one.sessions, key());
    assert.equal(stored.length, 2 * rounds);
    assert.ok(stored.every((message) => message.status === "complete"));
    assert.equal((await one.sessions.get(key()))?.title, `Title ${rounds - 1}`);
    await counted(one.sessions, key());
  },
});
