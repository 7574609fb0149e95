import assert from "node:assert/strict";
import type { LimitReceipt, LimitStore } from "@parlor/core";
import { timed, topic } from "../topic.ts";
import { atOnce, longMs } from "../samples.ts";

const rule = (limit: number, windowMs: number = longMs) => ({ limit, windowMs });

async function receiptOf(limits: LimitStore, key: string, cost: number, limit: number): Promise<LimitReceipt> {
  const { receipt } = await limits.consume(key, cost, rule(limit));
  assert.ok(receipt, "it fits");
  return receipt;
}

export const limits = topic("limits", ["limits"], {
  "so much fits, and no more": async ({ limits, unique }) => {
    const key = unique("limit");
    for (const remaining of [2, 1, 0]) {
      const decision = await limits.consume(key, 1, rule(3));
      assert.deepEqual([decision.allowed, decision.limit, decision.remaining], [true, 3, remaining]);
      assert.ok(decision.resetMs > 0 && decision.resetMs <= longMs);
      assert.ok(decision.receipt, "a receipt");
    }
    const refused = await limits.consume(key, 1, rule(3));
    assert.deepEqual([refused.allowed, refused.limit, refused.remaining, refused.receipt], [false, 3, 0, undefined]);
    assert.ok(refused.resetMs > 0 && refused.resetMs <= longMs);
  },

  "what does not fit is not charged": async ({ limits, unique }) => {
    const key = unique("limit");
    assert.equal((await limits.consume(key, 7, rule(10))).allowed, true);
    const refused = await limits.consume(key, 4, rule(10));
    assert.deepEqual([refused.allowed, refused.remaining], [false, 3]);
    assert.deepEqual((await limits.consume(key, 3, rule(10))).remaining, 0);
  },

  "a cost above the whole limit never fits": async ({ limits, unique }) => {
    const key = unique("limit");
    const refused = await limits.consume(key, 11, rule(10));
    assert.deepEqual([refused.allowed, refused.remaining], [false, 10]);
    assert.deepEqual((await limits.consume(key, 10, rule(10))).remaining, 0);
  },

  "a cost of nothing fits a full window": async ({ limits, unique }) => {
    const key = unique("limit");
    await limits.consume(key, 10, rule(10));
    assert.equal((await limits.consume(key, 0, rule(10))).allowed, true);
  },

  "many at once on two nodes get exactly the limit": async ({ nodes, unique }) => {
    const key = unique("limit");
    const decisions = await atOnce(50, async (at) => nodes[(at % 2) as 0 | 1].limits.consume(key, 1, rule(20)));
    const remaining = decisions.flatMap((decision) => (decision.allowed ? [decision.remaining] : []));
    assert.deepEqual(
      remaining.toSorted((a, b) => b - a),
      Array.from({ length: 20 }, (_, at) => 19 - at),
      "each place once",
    );
  },

  "different costs at once never exceed the limit": async ({ nodes, unique }) => {
    const key = unique("limit");
    const costs = [1, 2, 3, 5, 8];
    const decisions = await atOnce(60, async (at) =>
      nodes[(at % 2) as 0 | 1].limits.consume(key, costs[at % 5] ?? 1, rule(100)),
    );
    const charged = decisions.reduce((sum, { receipt }) => sum + (receipt?.cost ?? 0), 0);
    assert.ok(charged <= 100, `${charged} of 100`);
    const left = await nodes[0].limits.consume(key, 100 - charged, rule(100));
    assert.deepEqual([left.allowed, left.remaining], [true, 0], "what was refused was not charged");
  },

  "settling gives back what was not used": async ({ limits, unique }) => {
    const key = unique("limit");
    const receipt = await receiptOf(limits, key, 80, 100);
    assert.deepEqual([receipt.key, receipt.cost], [key, 80]);
    await limits.settle(receipt, 30);
    assert.equal((await limits.consume(key, 10, rule(100))).remaining, 60);
  },

  "settling charges what was used beyond": async ({ limits, unique }) => {
    const key = unique("limit");
    await limits.settle(await receiptOf(limits, key, 10, 100), 130);
    const refused = await limits.consume(key, 1, rule(100));
    assert.deepEqual([refused.allowed, refused.remaining], [false, 0]);
  },

  "settling twice never makes more room than there is": async ({ limits, unique }) => {
    const key = unique("limit");
    const receipt = await receiptOf(limits, key, 60, 100);
    await limits.settle(receipt, 0);
    await limits.settle(receipt, 0);
    assert.equal((await limits.consume(key, 0, rule(100))).remaining, 100);
  },

  "settling at once on two nodes loses nothing": async ({ nodes, unique }) => {
    const key = unique("limit");
    const receipts = await atOnce(20, async () => receiptOf(nodes[0].limits, key, 5, 100));
    await atOnce(20, async (at) => nodes[(at % 2) as 0 | 1].limits.settle(receipts[at] ?? assert.fail(), 2));
    assert.equal((await nodes[0].limits.consume(key, 0, rule(100))).remaining, 60);
  },

  "keys and windows are apart": async ({ limits, unique }) => {
    const key = unique("limit");
    const keys = [key, `${key}:`, key.toUpperCase(), `${key}%`, `${key}*`, `${key}\u{1f600} '"`];
    for (const one of keys) assert.equal((await limits.consume(one, 4, rule(10))).remaining, 6, one);
    const other = await limits.consume(key, 1, rule(10, longMs * 2));
    assert.equal(other.remaining, 9, "another rule's window on the same key");
  },

  "a window opens at its first use and ends after its time": timed(async ({ limits, unique, beat, advance }) => {
    const key = unique("limit");
    await advance(0.7);
    const first = await limits.consume(key, 3, rule(3, 4 * beat));
    assert.ok(first.resetMs <= 4 * beat && first.resetMs > 3 * beat, "it opened just now");
    await advance(3);
    const refused = await limits.consume(key, 1, rule(3, 4 * beat));
    assert.equal(refused.allowed, false);
    assert.ok(refused.resetMs <= beat, "its end does not move");
    await advance(1.5);
    const next = await limits.consume(key, 1, rule(3, 4 * beat));
    assert.deepEqual([next.allowed, next.remaining], [true, 2]);
    assert.ok(next.resetMs > 3 * beat, "a new window opened just now");
  }),

  "a refusal opens no window": timed(async ({ limits, unique, beat, advance }) => {
    const key = unique("limit");
    await limits.consume(key, 9, rule(3, 4 * beat));
    await advance(3);
    const first = await limits.consume(key, 1, rule(3, 4 * beat));
    assert.ok(first.allowed && first.resetMs > 3 * beat);
  }),

  "a receipt of an earlier window settles nothing": timed(async ({ limits, unique, beat, advance }) => {
    const key = unique("limit");
    const { receipt } = await limits.consume(key, 3, rule(3, 4 * beat));
    assert.ok(receipt);
    await advance(5);
    await limits.settle(receipt, 0);
    assert.equal((await limits.consume(key, 1, rule(3, 4 * beat))).remaining, 2);
    await limits.settle(receipt, 0);
    await limits.settle(receipt, 100);
    assert.equal((await limits.consume(key, 1, rule(3, 4 * beat))).remaining, 1);
  }),
});

export const places = topic("places", ["limits"], {
  "so many hold a place at once": async ({ limits, unique }) => {
    const key = unique("places");
    assert.equal(await limits.acquire(key, "a", 2, longMs), true);
    assert.equal(await limits.acquire(key, "b", 2, longMs), true);
    assert.equal(await limits.acquire(key, "c", 2, longMs), false);
    assert.equal(await limits.acquire(key, "a", 2, longMs), true, "a holder renews its own");
    assert.equal(await limits.acquire(unique("places"), "c", 2, longMs), true, "other places");
    await limits.release(key, "c");
    await limits.release(key, "a");
    await limits.release(key, "a");
    assert.equal(await limits.acquire(key, "c", 2, longMs), true);
    assert.equal(await limits.acquire(key, "d", 2, longMs), false);
  },

  "none are given where there are none": async ({ limits, unique }) => {
    assert.equal(await limits.acquire(unique("places"), "a", 0, longMs), false);
  },

  "many that want a place at once get exactly as many as there are": async ({ nodes, unique }) => {
    const key = unique("places");
    const got = await atOnce(30, async (at) => nodes[(at % 2) as 0 | 1].limits.acquire(key, `holder ${at}`, 7, longMs));
    assert.equal(got.filter(Boolean).length, 7);
  },

  "a place ends by itself unless it is renewed": timed(async ({ limits, unique, beat, advance }) => {
    const key = unique("places");
    await limits.acquire(key, "a", 2, 4 * beat);
    await limits.acquire(key, "b", 2, 4 * beat);
    await advance(3);
    assert.equal(await limits.acquire(key, "c", 2, 4 * beat), false);
    assert.equal(await limits.acquire(key, "b", 2, 4 * beat), true);
    await advance(2);
    assert.equal(await limits.acquire(key, "c", 2, 4 * beat), true, "a's ended");
    assert.equal(await limits.acquire(key, "d", 2, 4 * beat), false, "b's was renewed");
  }),

  "a place that was released and taken again lasts its own time": timed(async ({ limits, unique, beat, advance }) => {
    const key = unique("places");
    await limits.acquire(key, "a", 1, 4 * beat);
    await limits.release(key, "a");
    await advance(3);
    assert.equal(await limits.acquire(key, "a", 1, 4 * beat), true);
    await advance(2);
    assert.equal(await limits.acquire(key, "b", 1, 4 * beat), false);
  }),
});
