import type { RecordStore } from "@parlor/core";
import { longMs } from "../samples.ts";
import type { Meeting } from "./at-once.ts";
import type { Random } from "./draw.ts";
import type { Game, Step } from "./like-memory.ts";
import { oddText } from "./texts.ts";

type RecordStep = Step &
  (
    | {
        readonly do: "put" | "putIfAbsent";
        readonly kind: string;
        readonly id: string;
        readonly value: string;
        readonly ttlMs?: number;
      }
    | { readonly do: "get"; readonly kind: string; readonly id: string }
    | { readonly do: "delete"; readonly kind: string; readonly id: string }
    | { readonly do: "list"; readonly kind: string; readonly limit: number; readonly after?: string }
  );

interface Side {
  readonly records: () => RecordStore;
  readonly unique: string;
}

/** Ids are ASCII: the contract does not say in which order others are. */
export const recordGame: Game<RecordStep, Side> = {
  draw: (random) => draw(random, ["one", "One"], ["a", "A", "a ", "a:b", "a%", "b", "~", "0", "__proto__"]),
  side: (storage, unique) => ({ records: () => storage().records, unique }),
  play: async ({ records, unique }, step) => {
    const kind = `${step.kind} ${unique}`;
    if (step.do === "list") {
      const { limit, after } = step;
      return records().list(kind, { limit, ...(after !== undefined && { after }) });
    }
    if (step.do === "get" || step.do === "delete") return records()[step.do](kind, step.id);
    return records()[step.do](kind, step.id, step.value, step.ttlMs);
  },
};

export const recordMeeting: Meeting<RecordStep, Side> = {
  game: recordGame,
  prepare: (random) => () => draw(random, ["one"], ["a", "b"]),
  draw: (random) => () => draw(random, ["one"], ["a", "b"], [undefined, longMs]),
  look: () => [{ do: "list", kind: "one", limit: 100 }],
};

type Choice<T> = readonly [T, ...T[]];

/** Ends are: never, after the run, or when the step is over. */
function draw(
  random: Random,
  kinds: Choice<string>,
  ids: Choice<string>,
  ends: Choice<number | undefined> = [undefined, longMs, 1],
): RecordStep {
  const kind = random.one(kinds);
  const id = random.one(ids);
  const value = random.one(["", "{}", oddText(random)]);
  const ttlMs = random.one(ends);
  const ttl = ttlMs === undefined ? {} : { ttlMs };
  const step = random.weighted<RecordStep>([
    [4, () => ({ do: "put", kind, id, value, ...ttl })],
    [4, () => ({ do: "putIfAbsent", kind, id, value, ...ttl })],
    [4, () => ({ do: "get", kind, id })],
    [2, () => ({ do: "delete", kind, id })],
    [3, () => ({ do: "list", kind, limit: random.one([1, 3, 100]), ...(random.chance(0.5) && { after: id }) })],
  ]);
  return ttlMs === 1 ? { ...step, wait: true } : step;
}
