import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { memory, type Storage } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { longMs, times } from "../samples.ts";
import type { Bounds, Context } from "../topic.ts";
import { Random } from "./draw.ts";
import { answer, type Failure, type Game, shorten, shown, type Step } from "./like-memory.ts";

/** A game in which calls meet. */
export interface Meeting<S extends Step, Side> {
  readonly game: Game<S, Side>;
  /** Draws steps that make what the storage holds when they meet. */
  readonly prepare: (random: Random) => () => S;
  /** Draws the calls: one of the storage each, as steps of several could be overtaken in between; none lets time pass. */
  readonly draw: (random: Random) => () => S;
  /** Shows what they have left behind, one after the other. */
  readonly look: (side: Side) => readonly S[];
}

const [fewest, most] = [3, 5];
const mostPrepared = 6;
/** Rounds at once: what a server does is interrupted more often. */
const lanes = 2;
/** How much later than the first one a call is asked for: in the same tick, soon, or when a server's answer is on its way. */
const mostLateMs = [0, 0.1, 1] as const;
/** So many rounds for each sequence that other games play: they are short. */
const roundsPerRun = 2;
/** A failure that does not come again in so many tries is taken for one that needs what was left out. */
const tries = 10;

/**
 * Calls that are made at once, on two nodes, are answered as memory answers them one after the other in some order, and leave behind
 * what they leave then (linearizability, by trying all orders). The seed of a failure makes the calls again, but not what happened in between.
 */
export async function atOnceLikeMemory<S extends Step, Side>(
  context: Context,
  bounds: Bounds,
  meeting: Meeting<S, Side>,
): Promise<void> {
  const { runs, seed } = context.random;
  const failures: Error[] = [];
  let rounds = 0;
  const lane = async () => {
    while (rounds < runs * roundsPerRun && failures.length === 0) {
      const failure = await round(context, bounds, meeting, seed + rounds++);
      if (failure) failures.push(failure);
    }
  };
  await Promise.all(times(lanes, lane));
  for (const failure of failures) throw failure;
}

async function round<S extends Step, Side>(
  context: Context,
  bounds: Bounds,
  meeting: Meeting<S, Side>,
  seed: number,
): Promise<Error | undefined> {
  const random = new Random(seed);
  const prepared = times(random.below(mostPrepared + 1), meeting.prepare(random));
  const calls = drawCalls(random, meeting.draw(random));
  const failure = await meet(context, bounds, meeting, prepared, calls);
  if (!failure) return undefined;
  const { steps, error } = await shorten(prepared, failure.error, async (fewer) => {
    let found: Failure | undefined;
    for (let tried = 0; !found && tried < tries; tried++) found = await meet(context, bounds, meeting, fewer, calls);
    return found;
  });
  const again = `PARLOR_TEST_SEED=${seed} PARLOR_TEST_RUNS=1 makes the calls again`;
  const { message, cause } = error as Error;
  const said = [`No order of the calls gives these answers; ${again}. After`, ...steps.map(shown), message];
  return new Error(said.join("\n"), { cause });
}

/** Often of two kinds only: more of them meet. */
function drawCalls<S extends Step>(random: Random, draw: () => S): S[] {
  const kinds = times(2, () => draw().do);
  const any = random.chance(0.3);
  return times(random.between(fewest, most), () => {
    for (;;) {
      const drawn = draw();
      if (any || kinds.includes(drawn.do)) return drawn;
    }
  });
}

/** Undefined when memory has an order that gives the same answers. */
async function meet<S extends Step, Side>(
  context: Context,
  bounds: Bounds,
  { game, look }: Meeting<S, Side>,
  prepared: readonly S[],
  calls: readonly S[],
): Promise<Failure | undefined> {
  const unique = context.unique("run");
  const ask = async (side: Side, step: S) => {
    const given = await answer(game.play(side, step));
    return game.comparable ? game.comparable(given) : given;
  };
  const inTurn = async (side: Side, steps: readonly S[], pass: () => unknown) => {
    const answers: unknown[] = [];
    for (const step of steps) {
      answers.push(await ask(side, step));
      if (step.wait) await pass();
    }
    return answers;
  };
  /** Starts the calls in this order; each one's answer in its own place. */
  const atOnce = async (side: Side, order: readonly number[]) => {
    const answers: unknown[] = [];
    await Promise.all(order.map(async (at) => void (answers[at] = await ask(side, calls[at] as S))));
    return answers;
  };

  let [asked, meeting] = [0, false];
  const mostMs = mostLateMs[Math.floor(Math.random() * mostLateMs.length)] ?? 0;
  const node = () => context.nodes[(asked++ % 2) as 0 | 1];
  const real = game.side(() => (meeting ? askedLate(node(), mostMs) : node()), unique, context.alone);
  const result = async () => {
    const pass = () => context.advance(0.02);
    await inTurn(real, prepared, pass);
    meeting = true;
    const answers = await atOnce(real, [...calls.keys()]);
    meeting = false;
    const looks = look(real);
    return { answers, looks, seen: await inTurn(real, looks, pass) };
  };
  const failure = (said: readonly string[], cause?: unknown): Failure => ({
    steps: prepared.length,
    error: new Error(["at once", ...said].join("\n"), { cause }),
  });
  const found = await result().catch((error: unknown) => ({ error }));
  await game.erase?.(real);
  if ("error" in found) return failure([...calls.map(shown), String(found.error)], found.error);

  for (const order of orders([...calls.keys()])) {
    const clock = manualClock();
    // It does in the same tick what it is asked, so in the order in which calls are started.
    const remembered = memory({ ...bounds, clock, logMs: longMs });
    const model = game.side(() => remembered, unique, context.alone);
    const pass = () => clock.advance(20);
    await inTurn(model, prepared, pass);
    if (!isDeepStrictEqual(await atOnce(model, order), found.answers)) continue;
    if (isDeepStrictEqual(await inTurn(model, look(model), pass), found.seen)) return undefined;
  }
  const gave = (steps: readonly S[], answers: readonly unknown[]) =>
    steps.map((step, at) => `${shown(step)} gave ${shown(answers[at])}`);
  return failure([...gave(calls, found.answers), "and then", ...gave(found.looks, found.seen)]);
}

/** Asks for each call a moment later, which is another one each time: started in one tick they would always meet in the same way. */
function askedLate(storage: Storage, mostMs: number): Storage {
  const wrapped = (part: object) =>
    new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return async (...given: unknown[]) => {
          const from = performance.now();
          for (const ms = Math.random() * mostMs; performance.now() - from < ms;) await setImmediate();
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  return new Proxy(storage, { get: (target, name) => wrapped(Reflect.get(target, name, target) as object) });
}

function* orders(items: readonly number[]): Generator<number[]> {
  if (items.length === 0) yield [];
  for (const [at, item] of items.entries()) for (const rest of orders(items.toSpliced(at, 1))) yield [item, ...rest];
}
