import fc from "fast-check";
import { expect, test } from "vitest";
import { type LimitReceipt, memory } from "../../src/index.ts";
import { manualClock } from "../../src/testing/index.ts";

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("consume" as const), cost: fc.nat(12) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("settle" as const), which: fc.nat(30), actual: fc.nat(15) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.nat(700) }) },
);

test("a window never takes more than its rule, and knows what was used of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.record({ limit: fc.integer({ min: 1, max: 30 }), windowMs: fc.integer({ min: 1, max: 1_500 }) }),
      async (steps, rule) => {
        const clock = manualClock();
        const { limits } = memory({ clock });
        const open: { receipt: LimitReceipt; window: number }[] = [];
        let used = 0;
        let window = 0;
        let end = -1;
        for (const one of steps) {
          if (one.do === "advance") {
            clock.advance(one.ms);
            continue;
          }
          const now = clock.monotonic();
          if (now >= end) used = 0;
          if (one.do === "consume") {
            const decision = await limits.consume("key", one.cost, rule);
            const fits = used + one.cost <= rule.limit;
            expect(decision.allowed).toBe(fits);
            if (fits) {
              if (now >= end) {
                end = now + rule.windowMs;
                window += 1;
              }
              used += one.cost;
              expect(used).toBeLessThanOrEqual(rule.limit);
              open.push({ receipt: decision.receipt as LimitReceipt, window });
            }
            expect(decision.remaining).toBe(Math.max(0, rule.limit - used));
            expect(decision.resetMs).toBe(now >= end ? rule.windowMs : end - now);
          } else {
            const [settled] = open.splice(one.which % (open.length || 1), 1);
            if (!settled) continue;
            await limits.settle(settled.receipt, one.actual);
            if (settled.window === window && now < end) used = Math.max(0, used + one.actual - settled.receipt.cost);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

const holding = fc.oneof(
  fc.record({
    do: fc.constantFrom("acquire", "acquire", "release"),
    holder: fc.constantFrom("a", "b", "c"),
    ttlMs: fc.constantFrom(500, 1_000, 3_000),
  }),
  fc.record({ do: fc.constant("advance" as const), ms: fc.nat(700) }),
);

test("no more places are held than there are, and each ends in its time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(holding, { maxLength: 60 }), fc.integer({ min: 0, max: 2 }), async (steps, max) => {
      const clock = manualClock();
      const { limits } = memory({ clock });
      const until = new Map<string, number>();
      for (const one of steps) {
        if (one.do === "advance") clock.advance(one.ms);
        const now = clock.monotonic();
        for (const [holder, end] of until) if (end <= now) until.delete(holder);
        if (one.do === "acquire") {
          const fits = until.has(one.holder) || until.size < max;
          expect(await limits.acquire("key", one.holder, max, one.ttlMs)).toBe(fits);
          if (fits) until.set(one.holder, now + one.ttlMs);
          expect(until.size).toBeLessThanOrEqual(max);
        } else if (one.do === "release") {
          await limits.release("key", one.holder);
          until.delete(one.holder);
        }
      }
    }),
    { numRuns: 300 },
  );
});
