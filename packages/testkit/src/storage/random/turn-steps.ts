import type { Idempotency, SessionKey, TurnOutcome } from "@parlor/core";
import { times } from "../samples.ts";
import type { Random } from "./draw.ts";
import type { Step } from "./like-memory.ts";
import { oddText } from "./texts.ts";

/** Longer than the run, or over when the step is. */
export type Span = "long" | "over";

/** `which` counts claims from the newest. */
export type TurnStep = Step &
  (
    | {
        readonly do: "claim";
        readonly key: SessionKey;
        readonly id: string;
        readonly lease: Span;
        readonly idempotency?: Idempotency;
      }
    /** From so many events before the next one; a negative number leaves a gap. */
    | {
        readonly do: "append";
        readonly batches: readonly { readonly which: number; readonly back: number; readonly count: number }[];
      }
    | { readonly do: "renew"; readonly which: readonly number[]; readonly lease: Span }
    | { readonly do: "adopt"; readonly which: number; readonly lease: Span }
    | { readonly do: "attend"; readonly which: number; readonly span: Span }
    | { readonly do: "end"; readonly which: number; readonly outcome: TurnOutcome }
    | { readonly do: "read"; readonly which: number; readonly after: number; readonly limit: number }
    | { readonly do: "release"; readonly which: number }
    | { readonly do: "settled"; readonly which: number }
    | { readonly do: "get"; readonly which: number }
    | { readonly do: "stop"; readonly key: SessionKey }
    | { readonly do: "live"; readonly key: SessionKey }
    | { readonly do: "expired" }
    | { readonly do: "seal"; readonly owner: string; readonly span: Span }
    | { readonly do: "forget"; readonly owner: string; readonly id?: string }
  );

export const turnOwners = ["ada", "eve", "EVE"] as const;

const keys: readonly [SessionKey, SessionKey, ...SessionKey[]] = [
  { owner: "ada", id: "s" },
  { owner: "ada", id: "S:e\u0301" },
  { owner: "eve", id: "s" },
  { owner: "EVE", id: "s" },
];

const few = [keys[0], keys[1]] as const;
const names = ["k", "K:"] as const;

export function drawTurn(random: Random): TurnStep {
  const key = random.one(keys);
  const { owner } = key;
  const claim = which(random);
  const span = random.chance(0.6) ? "long" : "over";
  const step = random.weighted<TurnStep>([
    [8, () => ({ do: "claim", key, id: `t${random.below(2 ** 31)}`, lease: span, ...keyed(random) })],
    [8, () => append(random)],
    [3, () => ({ do: "renew", which: times(random.between(1, 3), () => which(random)), lease: span })],
    [3, () => ({ do: "adopt", which: claim, lease: span })],
    [2, () => ({ do: "attend", which: claim, span })],
    [4, () => ({ do: "end", which: claim, outcome: outcome(random) })],
    [4, () => ({ do: "settled", which: claim })],
    [4, () => ({ do: "read", which: claim, after: random.below(6), limit: random.one([1, 3, 100]) })],
    [2, () => ({ do: "get", which: claim })],
    [1, () => ({ do: "release", which: claim })],
    [1, () => ({ do: "stop", key })],
    [1, () => ({ do: "live", key })],
    [1, () => ({ do: "expired" })],
    [0.4, () => ({ do: "seal", owner, span: random.chance(0.2) ? "long" : "over" })],
    [0.4, () => (random.chance(0.5) ? { do: "forget", owner } : { do: "forget", owner, id: key.id })],
  ]);
  return Object.values(step).includes("over") ? { ...step, wait: true } : step;
}

/** Steps of few sessions, turns and keys, so that they meet. Without `expired`: a turn may be found a little later. */
export function meetingTurns(random: Random): (span?: Span) => TurnStep {
  const any = () => ({ key: random.one(few), which: random.below(3), name: random.one(names) });
  const same = random.chance(0.7) ? any() : undefined;
  return (span = "long") => {
    const { key, which, name } = same ?? any();
    const { owner } = key;
    const bodyHash = random.chance(0.95) ? "one" : "other";
    const keyed = random.chance(0.7) ? { idempotency: { key: name, kind: "chat", bodyHash } } : {};
    const batch = { which, back: random.between(-2, 1), count: random.between(1, 3) };
    return random.weighted<TurnStep>([
      [6, () => ({ do: "claim", key, id: `t${random.below(2 ** 31)}`, lease: span, ...keyed })],
      [3, () => ({ do: "append", batches: [batch] })],
      [1, () => ({ do: "renew", which: [which], lease: span })],
      [2, () => ({ do: "adopt", which, lease: span })],
      [1, () => ({ do: "attend", which, span })],
      [2, () => ({ do: "end", which, outcome: outcome(random) })],
      [2, () => ({ do: "settled", which })],
      [1, () => ({ do: "read", which, after: random.below(3), limit: random.one([1, 100]) })],
      [1, () => ({ do: "get", which })],
      [2, () => ({ do: "release", which })],
      [1, () => ({ do: "stop", key })],
      [1, () => ({ do: "live", key })],
      [0.5, () => ({ do: "seal", owner, span })],
      [1, () => ({ do: "forget", owner })],
      [1, () => ({ do: "forget", owner, id: key.id })],
    ]);
  };
}

/** Shows each of so many claims, the sessions, and the idempotency keys, by claiming other sessions with them, and what a seal finds. */
export const lookAtTurns = (claims: number): TurnStep[] => [
  ...few.map((key) => ({ do: "live", key }) as const),
  ...times(claims, (which) => which).flatMap((which): TurnStep[] => [
    { do: "read", which, after: 0, limit: 100 },
    { do: "renew", which: [which], lease: "long" },
    { do: "get", which },
  ]),
  ...names.map((key): TurnStep => {
    const idempotency = { key, kind: "chat", bodyHash: "one" };
    return { do: "claim", key: { owner: "ada", id: key }, id: key, lease: "long", idempotency };
  }),
  { do: "seal", owner: "ada", span: "long" },
];

/** Most often one of the newest. */
const which = (random: Random) => random.one([0, 0, 0, 1, 1, 2, 3, random.below(10)]);

function append(random: Random): TurnStep {
  const batches = times(random.one([1, 1, 2]), () => ({
    which: which(random),
    back: random.one([0, 0, 0, 0, 1, 2, 4, -1]),
    count: random.between(1, 4),
  }));
  // What two batches of one turn begin with is known only when the first was answered.
  return {
    do: "append",
    batches: batches.filter((one, at) => batches.findIndex((other) => other.which === one.which) === at),
  };
}

function keyed(random: Random): { idempotency?: Idempotency } {
  if (random.chance(0.5)) return {};
  const bodyHash = random.chance(0.9) ? "one" : "other";
  return { idempotency: { key: random.one(["k", "K:", "e\u0301"]), kind: random.one(["chat", "edit"]), bodyHash } };
}

function outcome(random: Random): TurnOutcome {
  const usage = { inputTokens: random.below(9), outputTokens: random.below(9) };
  return random.weighted<TurnOutcome>([
    [3, () => ({ status: "complete", finishReason: "stop", usage })],
    [1, () => ({ status: "interrupted", generationMs: 5 })],
    [1, () => ({ status: "failed", error: { code: "internal", detail: oddText(random) } })],
  ]);
}
