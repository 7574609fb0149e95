import assert from "node:assert/strict";
import type { LoggedEvent } from "@parlor/core";
import { timed, topic } from "../topic.ts";
import { append, complete, longMs, newTurn, readAll, same, textEvent, textEvents, won } from "../samples.ts";

const everyKind: readonly LoggedEvent[] = [
  { type: "reasoning", offset: 1, text: "Hm.", meta: { anthropic: { signature: "c2lnbmVk" } } },
  { type: "text", offset: 2, index: 0, text: "" },
  { type: "tool-call", offset: 3, id: "call-1", name: "add", input: { a: [1, 0.1, null], b: { c: true } } },
  { type: "tool-call", offset: 4, id: "call-2", name: "now", input: {}, meta: { google: { thoughtSignature: "x" } } },
  { type: "text", offset: 5, index: 1, text: "It is\n\nfour." },
];

export const turnLog = topic("turn logs", ["turns"], {
  "events come back as they were given": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    assert.equal(await append(turns, claim, everyKind), 5);
    assert.deepEqual(await readAll(turns, key(), "t1"), everyKind);
  },

  "the end is the last event and says how it ended": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    await append(turns, claim, textEvents(1, 2));
    const outcome = {
      status: "failed",
      finishReason: "other",
      usage: { inputTokens: 1, outputTokens: 2, cachedInputTokens: 0, reasoningTokens: 1, estimated: true },
      error: { code: "backend_timeout", detail: "The model took too long." },
      generationMs: 12.5,
    } as const;
    assert.equal(await turns.end(claim, outcome), true);
    assert.deepEqual(await turns.read(key(), "t1", 2, 10), {
      events: [{ type: "end", offset: 3, ...outcome }],
      ended: true,
    });
    assert.deepEqual((await turns.get(key(), "t1"))?.outcome, outcome);
  },

  "reading starts after an offset and stops at a limit": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    for (const [from, to] of [
      [1, 1],
      [2, 6],
      [7, 7],
      [8, 10],
    ] as const)
      await append(turns, claim, textEvents(from, to));
    for (let after = 0; after <= 10; after++)
      for (const limit of [1, 2, 5, 100]) {
        const events = textEvents(after + 1, Math.min(10, after + limit));
        assert.deepEqual(await turns.read(key(), "t1", after, limit), { events, ended: false }, `${after}, ${limit}`);
      }
    assert.deepEqual(await turns.read(key(), "t1", 99, 10), { events: [], ended: false });
    await turns.end(claim, complete);
    assert.equal((await turns.read(key(), "t1", 0, 3))?.ended, true, "also on a page that does not reach the end");
    assert.deepEqual(await turns.read(key(), "t1", 11, 10), { events: [], ended: true });
  },

  "an unknown turn has no log": async ({ turns, key }) => {
    assert.equal(await turns.read(key(), "t1", 0, 10), undefined);
    await won(turns, key(), "t1");
    assert.equal(await turns.read(key(), "t2", 0, 10), undefined);
    assert.equal(await turns.read(key("another"), "t1", 0, 10), undefined);
  },

  "an empty batch adds nothing": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    assert.equal(await append(turns, claim, []), 0);
    await append(turns, claim, textEvents(1, 2));
    assert.equal(await append(turns, claim, []), 2);
    assert.deepEqual(await turns.append([]), []);
    assert.deepEqual(await readAll(turns, key(), "t1"), textEvents(1, 2));
  },

  "a batch that is sent again is not written again": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    await append(turns, claim, textEvents(1, 3));
    assert.equal(await append(turns, claim, textEvents(1, 3)), 3);
    assert.equal(await append(turns, claim, textEvents(2, 2)), 3);
    assert.equal(await append(turns, claim, textEvents(3, 5)), 5, "what is new of it is written");
    assert.deepEqual(await readAll(turns, key(), "t1"), textEvents(1, 5));
  },

  "a batch that would leave a gap is refused": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    assert.equal(await append(turns, claim, [textEvent(2)]), "stale");
    await append(turns, claim, textEvents(1, 2));
    assert.equal(await append(turns, claim, textEvents(4, 5)), "stale");
    assert.deepEqual(await readAll(turns, key(), "t1"), textEvents(1, 2));
    assert.equal(await append(turns, claim, [textEvent(3)]), 3);
  },

  "each turn has a log of its own": async ({ turns, key }) => {
    for (const id of ["t1", "t2"]) {
      const claim = await won(turns, key(), id);
      await append(turns, claim, [textEvent(1, id)]);
      await turns.end(claim, complete);
      await turns.settled(key(), id);
    }
    for (const id of ["t1", "t2"]) assert.deepEqual((await readAll(turns, key(), id))[0], textEvent(1, id));
  },

  "a reader on another node sees a growing prefix without a gap": async ({ nodes: [writer, reader], key }) => {
    const claim = await won(writer.turns, key(), "t1");
    const writing = (async () => {
      for (let at = 0; at < 30; at++) await append(writer.turns, claim, textEvents(at * 3 + 1, at * 3 + 3));
      await writer.turns.end(claim, complete);
    })();
    const seen: LoggedEvent[] = [];
    for (let reads = 0; seen.at(-1)?.type !== "end"; reads++) {
      assert.ok(reads < 10_000, "the end comes");
      const page = await reader.turns.read(key(), "t1", seen.length, 7);
      assert.ok(page, "the log is there");
      for (const event of page.events) {
        assert.equal(event.offset, seen.length + 1, "no gap");
        seen.push(event);
      }
    }
    await writing;
    assert.deepEqual(seen, [...textEvents(1, 90), { type: "end", offset: 91, ...complete }]);
  },

  "large events and large batches": async ({ turns, key }) => {
    const claim = await won(turns, key(), "t1");
    const large = "0123456789abcdef".repeat(65_536);
    assert.equal(await append(turns, claim, [textEvent(1, large)]), 1);
    assert.equal(await append(turns, claim, textEvents(2, 2_001)), 2_001);
    same(await readAll(turns, key(), "t1"), [textEvent(1, large), ...textEvents(2, 2_001)], "the log");
  },

  "the log of a settled turn is kept for its time, then it is gone": timed(async ({ turns, key, advance }) => {
    const claim = await won(turns, key(), "t1");
    await append(turns, claim, textEvents(1, 2));
    await advance(12);
    assert.equal((await readAll(turns, key(), "t1")).length, 2, "a live turn's log does not run out");
    await turns.end(claim, complete);
    await turns.settled(key(), "t1");
    await advance(8);
    assert.equal((await readAll(turns, key(), "t1")).length, 3);
    await advance(3);
    assert.equal(await turns.read(key(), "t1", 0, 10), undefined);
    await won(turns, key(), "t2");
  }),

  "a log is kept until its turn has settled": timed(async ({ turns, key, advance }) => {
    const claim = await won(turns, key(), "t1");
    await append(turns, claim, textEvents(1, 2));
    await turns.end(claim, complete);
    await advance(12);
    const result = await turns.claim(key(), newTurn("t2"), { leaseMs: longMs });
    assert.equal(result.kind, "unsettled");
    assert.equal((await readAll(turns, key(), "t1")).length, 3, "whoever folds it needs it");
  }),
});
