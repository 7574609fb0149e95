import assert from "node:assert/strict";
import type { Message, NewMessage } from "@parlor/core";
import { topic } from "../topic.ts";
import { allMessages, answered, atOnce, counted, idsOf, said, streaming, times, wide } from "../samples.ts";

/** A message of every kind of part, with every field. */
const full: NewMessage = {
  id: "full",
  role: "assistant",
  parts: [
    { type: "reasoning", text: "Hm.", meta: { anthropic: { signature: "c2lnbmVk" } } },
    { type: "text", text: "Look:" },
    { type: "image", url: "data:image/png;base64,AAAA", mediaType: "image/png" },
    { type: "audio", url: "https://example.com/a.mp3" },
    { type: "file", url: "https://example.com/a.pdf", mediaType: "application/pdf", name: "a.pdf" },
    { type: "tool-call", id: "call-1", name: "add", input: { a: [1, 0.1, 1e21], b: { c: null, d: false, e: "" } } },
    { type: "tool-result", id: "call-1", output: [], isError: true },
  ],
  createdAt: "2026-01-01T00:00:00.001Z",
  status: "complete",
  turn: "turn",
  tokens: 0,
  meta: {
    model: "model",
    usage: { inputTokens: 1, outputTokens: 2, cachedInputTokens: 0, reasoningTokens: 1, estimated: true },
    finishReason: "tool-calls",
    generationMs: 12.5,
    error: "internal",
    leftOut: 3,
    supersedes: { from: 1, to: 2 },
    provider: { google: { thoughtSignature: "c2lnbmVk" } },
  },
};

export const append = topic("append", ["sessions"], {
  "messages come back as they were given, in order, with growing seqs": async ({ sessions, key }) => {
    const given = [said("m1"), full, said("m2", "", { role: "system" }), said("m3", "x", { parts: [], role: "tool" })];
    const { appended, session } = await sessions.open(key(), { append: given, window: wide });
    const stored = await allMessages(sessions, key());
    assert.deepEqual(appended, stored);
    assert.deepEqual(
      stored.map(({ seq: _seq, ...message }) => message),
      given,
    );
    for (const [index, { seq }] of stored.entries())
      assert.ok(Number.isSafeInteger(seq) && seq > (stored[index - 1]?.seq ?? 0), "seqs grow");
    assert.deepEqual(await sessions.message(key(), "full"), stored[1]);
    assert.deepEqual([session.messageCount, session.turnCount], [4, 1]);
  },

  "a message that is there already is not added again, nor changed": async ({ sessions, key }) => {
    await sessions.create(key(), {});
    const before = await sessions.append(key(), [said("m1"), said("m2")]);
    const stored = await allMessages(sessions, key());
    const after = await sessions.append(key(), [said("m2", "Another text"), said("m1")]);
    assert.deepEqual(after, before, "nothing was added, so nothing changed");
    assert.deepEqual(await allMessages(sessions, key()), stored);
  },

  "of a partly known append only what is new is added": async ({ sessions, key }) => {
    await sessions.create(key(), {});
    await sessions.append(key(), [said("m1"), said("m2")]);
    const session = await sessions.append(key(), [said("m2"), said("m3"), said("m3", "Twice in one call"), said("m4")]);
    assert.deepEqual(idsOf(await allMessages(sessions, key())), ["m1", "m2", "m3", "m4"]);
    assert.equal((await sessions.message(key(), "m3"))?.parts.length, 1);
    assert.equal(session.messageCount, 4);
    await counted(sessions, key());
  },

  "an open that is repeated answers the same": async ({ sessions, key }) => {
    await sessions.open(key(), { append: [said("m1"), answered("m2", "t0")], window: wide });
    const request = { append: [said("m3"), streaming("m4", "t1")], window: wide };
    const first = await sessions.open(key(), request);
    const second = await sessions.open(key(), request);
    assert.deepEqual(second, first);
    assert.deepEqual(idsOf(first.window), ["m1", "m2"]);
    assert.deepEqual(idsOf(first.appended), ["m3", "m4"]);
  },

  "a message that was settled meanwhile stays settled when its append is repeated": async ({ sessions, key }) => {
    await sessions.open(key(), { append: [streaming("m1", "t1")], window: wide });
    await sessions.settle(key(), answered("m1", "t1"), { turn: "t1" });
    await sessions.append(key(), [streaming("m1", "t1")]);
    assert.equal((await sessions.message(key(), "m1"))?.status, "complete");
  },

  "the same message id in two sessions is two messages": async ({ sessions, key }) => {
    await sessions.open(key("a"), { append: [said("m1", "In a")], window: wide });
    await sessions.open(key("b"), { append: [said("m1", "In b")], window: wide });
    assert.deepEqual((await sessions.message(key("a"), "m1"))?.parts, [{ type: "text", text: "In a" }]);
    assert.deepEqual((await sessions.message(key("b"), "m1"))?.parts, [{ type: "text", text: "In b" }]);
  },

  "an empty append changes nothing": async ({ sessions, key }) => {
    const session = await sessions.create(key(), {});
    assert.deepEqual(await sessions.append(key(), []), session);
    assert.deepEqual((await sessions.open(key(), { append: [], window: wide })).session, session);
  },

  "appends at once on two nodes lose nothing and keep each append together": async ({ nodes, key }) => {
    await nodes[0].sessions.create(key(), {});
    const ids = (append: number) => times(3, (at) => `m${append}-${at}`);
    await atOnce(30, async (at) =>
      nodes[(at % 2) as 0 | 1].sessions.append(
        key(),
        ids(at).map((id) => said(id)),
      ),
    );
    const stored = await allMessages(nodes[0].sessions, key());
    assert.equal(stored.length, 90, "none is lost");
    assert.equal(new Set(stored.map((message) => message.seq)).size, 90, "no seq twice");
    for (let at = 0; at < 90; at += 3) {
      const together = idsOf(stored.slice(at, at + 3));
      assert.deepEqual(together, ids(Number(/\d+/.exec(together?.[0] ?? "")?.[0])), "in order, side by side");
    }
    await counted(nodes[0].sessions, key());
  },

  "the same append at once on two nodes is added once": async ({ nodes, key }) => {
    await nodes[0].sessions.create(key(), {});
    const batch = [said("m1"), said("m2")];
    await atOnce(20, async (at) => nodes[(at % 2) as 0 | 1].sessions.append(key(), batch));
    assert.deepEqual(idsOf(await allMessages(nodes[0].sessions, key())), ["m1", "m2"]);
    await counted(nodes[0].sessions, key());
  },

  "a new session opened at once on two nodes is made once and holds every message": async ({ nodes, key, owner }) => {
    const opened = await atOnce(20, async (at) =>
      nodes[(at % 2) as 0 | 1].sessions.open(key(), { append: [said(`m${at}`)], window: wide }),
    );
    assert.equal(opened.filter(({ created }) => created).length, 1);
    assert.equal((await allMessages(nodes[1].sessions, key())).length, 20);
    await counted(nodes[1].sessions, key());
    assert.equal((await nodes[1].sessions.stats(owner)).sessions, 1);
  },

  "a reader never sees part of an append, nor a gap": async ({ nodes: [writer, reader], key }) => {
    await writer.sessions.create(key(), {});
    const views: (readonly Message[])[] = [];
    const writing = (async () => {
      for (let at = 0; at < 20; at++) await writer.sessions.append(key(), [said(`m${at}-0`), said(`m${at}-1`)]);
    })();
    for (let at = 0; at < 20; at++) views.push(await allMessages(reader.sessions, key()));
    await writing;
    const stored = idsOf(await allMessages(reader.sessions, key()));
    for (const view of views) {
      assert.equal(view.length % 2, 0, "whole appends");
      assert.deepEqual(idsOf(view), stored?.slice(0, view.length), "a prefix of what is there in the end");
    }
  },

  "a thousand messages in one append": async ({ sessions, key }) => {
    await sessions.create(key(), {});
    const many = times(1_000, (at) => said(`m${at}`));
    const session = await sessions.append(key(), many);
    assert.equal(session.messageCount, 1_000);
    assert.deepEqual(idsOf(await allMessages(sessions, key())), idsOf(many));
  },
});
