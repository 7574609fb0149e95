import type { LimitReceipt, LimitRule, LimitStore } from "@parlor/core";
import { longMs } from "../samples.ts";
import type { Meeting } from "./at-once.ts";
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
  readonly receipts: Set<LimitReceipt>;
}

/** How long a window still lasts is not asked: time passes otherwise in the storage. */
export const limitGame: Game<LimitStep, Side> = {
  draw: (random) => draw(random, any),
  side: (storage, unique) => ({ limits: () => storage().limits, unique, receipts: new Set() }),
  play: async ({ limits, unique, receipts }, step) => {
    if (step.do === "consume") {
      const { allowed, limit, remaining, receipt } = await limits().consume(
        `${step.key} ${unique}`,
        step.cost,
        step.rule,
      );
      if (receipt) receipts.add(receipt);
      return { allowed, limit, remaining, receipt: receipt?.cost };
    }
    if (step.do === "settle") {
      const receipt = [...receipts].at(-1 - (step.which % (receipts.size || 1)));
      if (!receipt) return undefined;
      await limits().settle(receipt, step.actual);
      return void receipts.delete(receipt);
    }
    const key = `${step.key} ${unique}`;
    if (step.do === "acquire") return limits().acquire(key, step.holder, step.max, step.ttlMs);
    return limits().release(key, step.holder);
  },
};

interface Choices {
  readonly keys: readonly [string, ...string[]];
  readonly windows: readonly [number, ...number[]];
  readonly limits: readonly [number, ...number[]];
}

const any: Choices = { keys: ["ada", "eve"], windows: [longMs, 2 * longMs], limits: [3, 20, 30] };
/** One window that is soon full, so that calls meet. */
const meeting: Choices = { keys: ["ada"], windows: [longMs], limits: [8] };
const holders = ["a", "b", "A", "e\u0301"] as const;

/** A window is shown by charging nothing to it, a place by renewing it where there are none. */
export const limitMeeting: Meeting<LimitStep, Side> = {
  game: limitGame,
  prepare: (random) => () => draw(random, meeting),
  draw: (random) => () => draw(random, meeting, false),
  look: () => [
    { do: "consume", key: "ada", cost: 0, rule: { limit: 99, windowMs: longMs } },
    ...holders.map((holder): LimitStep => ({ do: "acquire", key: "ada", holder, max: 0, ttlMs: longMs })),
  ],
};

/** `over`: longer than the run, or over when the step is. */
function draw(random: Random, { keys, windows, limits }: Choices, over: boolean = random.chance(0.2)): LimitStep {
  const key = random.one(keys);
  const holder = random.one(holders);
  const windowMs = over ? 1 : random.one(windows);
  const rule = { limit: random.one(limits), windowMs };
  const step = random.weighted<LimitStep>([
    [5, () => ({ do: "consume", key, cost: random.below(9), rule })],
    [3, () => ({ do: "settle", which: random.below(4), actual: random.below(12) })],
    [4, () => ({ do: "acquire", key, holder, max: random.below(4), ttlMs: over ? 1 : longMs })],
    [2, () => ({ do: "release", key, holder })],
  ]);
  return over ? { ...step, wait: true } : step;
}
