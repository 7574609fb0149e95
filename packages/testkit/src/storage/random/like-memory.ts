import assert from "node:assert/strict";
import { inspect } from "node:util";
import { ChatError, memory, type Storage } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { longMs, times } from "../samples.ts";
import type { Bounds, Context } from "../topic.ts";
import { Random } from "./draw.ts";

/** One call as data, so that it can be made again on another storage. */
export interface Step {
  readonly do: string;
  /** Afterwards what was given a millisecond is over, and later changes have a later time. */
  readonly wait?: boolean;
}

/** What is played on a storage and on memory, to find out whether both answer alike. */
export interface Game<S extends Step, Side> {
  /** The next step. */
  readonly draw: (random: Random) => S;
  /**
   * What one of the storages has told so far. `unique` is the same for both sides of a run, and no other run's; `alone`: there is nothing
   * else in the storage.
   */
  readonly side: (storage: () => Storage, unique: string, alone: boolean) => Side;
  /** Makes the call; what it answered. */
  readonly play: (side: Side, step: S) => Promise<unknown>;
  /** What of an answer has to be as memory has it. Default: all of it. */
  readonly comparable?: (answer: unknown) => unknown;
  /** Throws where the storage may not answer so when memory answers like that, though what is comparable is equal. */
  readonly compare?: (model: Side, real: Side, expected: unknown, found: unknown) => void;
  /** Erases what the run has made; the owners of it. */
  readonly erase?: (side: Side) => Promise<readonly string[]>;
}

export interface Failure {
  readonly steps: number;
  readonly error: unknown;
}

/** How long a failure is looked at before it is shown: a test has to end before its runner gives it up. */
const shortenMs = 3_000;
const [shortest, longest] = [10, 100];

/**
 * Random sequences of calls are answered as memory answers them. What fails is shown with as few steps as do it, and with the seed that
 * makes it again.
 */
export async function likeMemory<S extends Step, Side>(
  context: Context,
  bounds: Bounds,
  game: Game<S, Side>,
): Promise<void> {
  const { runs, seed } = context.random;
  for (let run = 0; run < runs; run++) {
    const random = new Random(seed + run);
    const drawn = times(random.between(shortest, longest), () => game.draw(random));
    const failure = await play(context, bounds, game, drawn);
    if (!failure) continue;
    const { steps, error } = await shorten(drawn.slice(0, failure.steps), failure.error, (fewer) =>
      play(context, bounds, game, fewer),
    );
    const said = error instanceof Error ? error.message : String(error);
    const again = `PARLOR_TEST_SEED=${seed + run} PARLOR_TEST_RUNS=1 do it again`;
    throw new Error([`Not as memory does it; ${again}:`, ...steps.map(shown), said].join("\n"), { cause: error });
  }
}

export const shown = (value: unknown): string =>
  inspect(value, { depth: 3, breakLength: Infinity, compact: true, maxStringLength: 40, maxArrayLength: 6 });

/** Undefined when all was answered alike. */
async function play<S extends Step, Side>(
  context: Context,
  bounds: Bounds,
  game: Game<S, Side>,
  steps: readonly S[],
): Promise<Failure | undefined> {
  const { comparable = (given) => given } = game;
  const clock = manualClock();
  const remembered = memory({ ...bounds, clock, logMs: longMs });
  const unique = context.unique("run");
  let calls = 0;
  const model = game.side(() => remembered, unique, context.alone);
  // Nodes take turns, two calls each, so that one sees what the other has done, and what it did itself.
  const real = game.side(() => context.nodes[((calls >> 1) % 2) as 0 | 1], unique, context.alone);
  try {
    for (const step of steps) {
      calls++;
      if (calls % 7 === 0) await context.restart();
      const expected = await answer(game.play(model, step));
      const found = await answer(game.play(real, step));
      assert.deepEqual(comparable(found), comparable(expected));
      game.compare?.(model, real, expected, found);
      if (step.wait) clock.advance(20);
      if (step.wait) await context.advance(0.02);
    }
  } catch (error) {
    await game.erase?.(real).catch(() => {});
    return { steps: calls, error };
  }
  try {
    for (const owner of (await game.erase?.(real)) ?? []) await nothingLeft(context, owner);
  } catch (error) {
    return { steps: calls, error };
  }
  return undefined;
}

/** A refusal is an answer, too. */
export async function answer(given: Promise<unknown>): Promise<unknown> {
  try {
    return await given;
  } catch (error) {
    if (ChatError.isInstance(error) && error.code !== "store_unavailable") return { refused: error.code };
    throw error;
  }
}

/** Some erase by and by. */
async function nothingLeft(context: Context, owner: string): Promise<void> {
  let left = await context.left(owner);
  for (let waited = 0; left.length > 0 && waited < 16; waited++) {
    await context.advance(0.05 * (waited + 1));
    left = await context.left(owner);
  }
  assert.deepEqual(left, [], "nothing is kept of an owner who was erased");
}

/** Leaves out halves, quarters … and single steps, as long as it fails without them. */
export async function shorten<S>(
  steps: readonly S[],
  error: unknown,
  attempt: (steps: readonly S[]) => Promise<Failure | undefined>,
): Promise<{ steps: readonly S[]; error: unknown }> {
  let found = { steps, error };
  const until = performance.now() + shortenMs;
  for (let size = steps.length >> 1; size >= 1; size >>= 1) {
    for (let at = found.steps.length - size; at >= 0 && performance.now() < until; at -= size) {
      const fewer = found.steps.toSpliced(at, size);
      const failure = await attempt(fewer);
      if (failure) found = { steps: fewer.slice(0, failure.steps), error: failure.error };
    }
  }
  return found;
}
