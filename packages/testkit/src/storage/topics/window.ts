import assert from "node:assert/strict";
import type { Context } from "../topic.ts";
import { topic } from "../topic.ts";
import { answered, idsOf, said, streaming, wide } from "../samples.ts";

/** Ids in the window of a session that holds these messages. */
async function windowOf(
  { sessions, key }: Context,
  messages: Parameters<typeof sessions.append>[1],
  window: Partial<typeof wide>,
): Promise<string[] | undefined> {
  await sessions.create(key(), {});
  await sessions.append(key(), messages);
  return idsOf((await sessions.open(key(), { append: [], window: { ...wide, ...window } })).window);
}

const five = ["m1", "m2", "m3", "m4", "m5"].map((id) => said(id, "0123456789"));

export const window = topic("windows", ["sessions"], {
  "the newest messages, oldest first": async (context) => {
    assert.deepEqual(await windowOf(context, five, { last: 2 }), ["m4", "m5"]);
  },

  "none when none are asked for": async (context) => {
    assert.deepEqual(await windowOf(context, five, { last: 0 }), []);
  },

  "everything when there is less": async (context) => {
    assert.deepEqual(await windowOf(context, five, {}), idsOf(five));
  },

  "as many as the characters allow, exactly": async (context) => {
    assert.deepEqual(await windowOf(context, five, { maxCharacters: 30 }), ["m3", "m4", "m5"]);
  },

  "not one that would exceed the characters, nor what is before it": async (context) => {
    const messages = [said("short", "0"), ...five.slice(0, 3)];
    assert.deepEqual(await windowOf(context, messages, { maxCharacters: 29 }), ["m2", "m3"]);
  },

  "the newest one however long it is": async (context) => {
    assert.deepEqual(await windowOf(context, five, { maxCharacters: 1 }), ["m5"]);
  },

  "characters are UTF-16 units of text; reasoning and tool data cost nothing": async (context) => {
    const messages = [
      said("m1", "0123456789"),
      said("m2", "", {
        role: "assistant",
        parts: [
          { type: "reasoning", text: "x".repeat(100) },
          { type: "text", text: "\u{1f600}\u{1f600}" },
          { type: "tool-call", id: "c", name: "add", input: { x: "y".repeat(100) } },
          { type: "text", text: "0123456" },
        ],
      }),
    ];
    assert.deepEqual(await windowOf(context, messages, { maxCharacters: 21 }), ["m1", "m2"]);
    const { sessions, key } = context;
    const tighter = await sessions.open(key(), { append: [], window: { last: 10, maxCharacters: 20 } });
    assert.deepEqual(idsOf(tighter.window), ["m2"]);
  },

  "media count, too: a quarter of a data: URL, another address with its length": async (context) => {
    const ofLength = (start: string, length: number) => start.padEnd(length, "A");
    const messages = [
      said("m1", "0123456789"),
      said("m2", "", {
        parts: [
          { type: "text", text: "01234" },
          { type: "image", url: ofLength("data:image/png;base64,", 1_001) },
          { type: "audio", url: ofLength("data:audio/wav;base64,", 40) },
        ],
      }),
      said("m3", "", { parts: [{ type: "image", url: ofLength("https://example.com/", 35) }] }),
      streaming("m4", "t1"),
    ];
    const drawn = ofLength("DATA:application/pdf;base64,", 400);
    // 10, 5 + 251 + 10, 35, and 100 of what an answer brings when it settles.
    await windowOf(context, messages, {});
    const { sessions, key } = context;
    await sessions.settle(key(), answered("m4", "t1", { parts: [{ type: "file", url: drawn }] }), { turn: "t1" });
    const holding = async (maxCharacters: number) =>
      idsOf((await sessions.open(key(), { append: [], window: { last: 10, maxCharacters } })).window);
    assert.deepEqual(await holding(411), ["m1", "m2", "m3", "m4"]);
    assert.deepEqual(await holding(410), ["m2", "m3", "m4"]);
    assert.deepEqual(await holding(400), ["m3", "m4"]);
    assert.deepEqual(await holding(134), ["m4"]);
    assert.deepEqual(await holding(1), ["m4"], "the newest one however long it is");
  },

  "what a prompt cannot use is left out and does not count": async (context) => {
    const messages = [
      said("complete"),
      said("interrupted", "Half", { role: "assistant", status: "interrupted" }),
      said("failed", "Half", { role: "assistant", status: "failed" }),
      said("superseded", "Old", { status: "superseded" }),
      said("empty", "", { parts: [] }),
      said("no text", ""),
      said("only reasoning", "", { parts: [{ type: "reasoning", text: "Hm." }] }),
      said("a tool call", "", { parts: [{ type: "tool-call", id: "c", name: "add", input: {} }] }),
      said("a tool result", "", { role: "tool", parts: [{ type: "tool-result", id: "c", output: null }] }),
      said("an image", "", { parts: [{ type: "image", url: "https://example.com/a.png" }] }),
      streaming("streaming", "t1"),
    ];
    const usable = ["complete", "interrupted", "a tool call", "a tool result", "an image"];
    assert.deepEqual(await windowOf(context, messages, { last: 5 }), usable);
  },

  "what the same call appends is not in it": async ({ sessions, key }) => {
    await sessions.open(key(), { append: [said("m1")], window: wide });
    const { window: earlier, appended } = await sessions.open(key(), {
      append: [said("m2"), streaming("m3", "t1")],
      window: wide,
    });
    assert.deepEqual([idsOf(earlier), idsOf(appended)], [["m1"], ["m2", "m3"]]);
  },

  "only messages before a seq, where one is given": async ({ sessions, key }) => {
    const { appended } = await sessions.open(key(), { append: [...five, answered("m6", "t0")], window: wide });
    const before = appended[3]?.seq ?? 0;
    const opened = await sessions.open(key(), {
      append: [streaming("m7", "t1")],
      window: { ...wide, last: 2, before },
    });
    assert.deepEqual(idsOf(opened.window), ["m2", "m3"]);
    const beyond = { ...wide, last: 2, before: before + 1_000_000 };
    const later = await sessions.open(key(), { append: [said("m8")], window: beyond });
    assert.deepEqual(idsOf(later.window), ["m5", "m6"], "never what the call appends");
  },

  "how many messages are being written comes along": async ({ sessions, key }) => {
    const open = async (append: Parameters<typeof sessions.append>[1]) =>
      (await sessions.open(key(), { append, window: { last: 1, maxCharacters: 100 } })).streaming;
    assert.equal(await open([said("m1")]), 0);
    assert.equal(await open([said("m2"), streaming("a2", "t1")]), 1);
    assert.equal(await open([said("m2"), streaming("a2", "t1")]), 1, "appended again it is the same one");
    assert.equal(await open([streaming("a3", "t2")]), 2);
    await sessions.settle(key(), answered("a3", "t2"), { turn: "t2" });
    assert.equal(await open([]), 1);
    const { seq = 0 } = (await sessions.message(key(), "a2")) ?? {};
    await sessions.append(key(), [streaming("a4", "t3")]);
    await sessions.settle(key(), answered("a4", "t3"), { turn: "t3", supersede: { from: seq, to: seq } });
    assert.equal(await open([]), 0, "superseded ones do not count");
    await sessions.append(key(), [streaming("a5", "t4")]);
    await sessions.clear(key());
    assert.equal(await open([]), 0);
  },

  "the messages as they are stored": async ({ sessions, key }) => {
    const { appended } = await sessions.open(key(), { append: five, window: wide });
    const opened = await sessions.open(key(), { append: [], window: wide });
    assert.deepEqual(opened.window, appended);
  },
});
