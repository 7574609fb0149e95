import type { LimitReceipt, LimitRule, LimitStore } from "@parlor/core";
import { longMs } from "../samples.ts";
import type { Random } from "./draw.ts";
import type { Game, Step } from "./like-memory.ts";

type LimitStep = Step &
  (
    | { readonly do: "consume"; readonly key: string; readonly cost: number; readonly rule: LimitRule }
    /** Of the receipts that have not been settled, the newest first. */
    | { readonly do: "settle"; readonly which: number; readonly actual: number }
    | {
        readonly do: "acquire";
        readonly key: string;
        readonly holder: string;
        readonly max: number;
        readonly ttlMs: number;
      }
    | { readonly do: "release"; readonly key: string; readonly holder: string }
  );

interface Side {
  readonly limits: () => LimitStore;
  readonly unique: string;
  readonly receipts: LimitReceipt[];
}

/** How long a window still lasts is not asked: time passes otherwise in the storage. */
export const limitGame: Game<LimitStep, Side> = {
  draw,
  side: (storage, unique) => ({ limits: () => storage().limits, unique, receipts: [] }),
  play: async ({ limits, unique, receipts }, step) => {
    if (step.do === "consume") {
      const { allowed, limit, remaining, receipt } = await limits().consume(
        `${step.key} ${unique}`,
        step.cost,
        step.rule,
      );
      if (receipt) receipts.unshift(receipt);
      return { allowed, limit, remaining, receipt: receipt?.cost };
    }
    if (step.do === "settle") {
      const [receipt] = receipts.splice(step.which % (receipts.length || 1), 1);
      return receipt && limits().settle(receipt, step.actual);
    }
    const key = `${step.key} ${unique}`;
    if (step.do === "acquire") return limits().acquire(key, step.holder, step.max, step.ttlMs);
    return limits().release(key, step.holder);
  },
};

function draw(random: Random): LimitStep {
  const key = random.one(["ada", "eve"]);
  const holder = random.one(["a", "b", "A", "e\u0301"]);
  // Longer than the run, or over when the step is.
  const over = random.chance(0.2);
  const windowMs = over ? 1 : random.one([longMs, 2 * longMs]);
  const rule = { limit: random.one([3, 20, 30]), windowMs };
  const step = random.weighted<LimitStep>([
    [5, () => ({ do: "consume", key, cost: random.below(9), rule })],
    [3, () => ({ do: "settle", which: random.below(4), actual: random.below(12) })],
    [4, () => ({ do: "acquire", key, holder, max: random.below(4), ttlMs: over ? 1 : longMs })],
    [2, () => ({ do: "release", key, holder })],
  ]);
  return over ? { ...step, wait: true } : step;
}
