import assert from "node:assert/strict";
import { toOutcome, toRequest } from "../stage.ts";
import {
  type Answer,
  type BackendCase,
  type BackendTopic,
  check,
  type Outcome,
  type Script,
  type Stage,
} from "../suite.ts";
import type { ProviderRequest, Wire } from "../../provider/index.ts";

const answer: Answer = { said: [{ text: "Größe " }, { text: '"😀"\n' }, { text: "end" }] };
const whole = 'Größe "😀"\nend';

/** Each call names its position. */
const positionOf = ({ text }: ProviderRequest): number => Number(/position (\d+)/.exec(text)?.[1]);

type Ways = (position: number) => Wire;

function cut(
  name: string,
  wire: Ways,
  run: (stage: Stage, size: number, finished: number) => Promise<void>,
): BackendCase {
  const reply = (request: ProviderRequest): Script => ({ answer, wire: wire(positionOf(request)) });
  return check(
    name,
    async (stage) => {
      // The records of an answer do not depend on what was asked, but for what a request may switch off.
      await stage.ask({ request: "position 1000000" });
      const { records, whole: last } = stage.provider.answer(answer, await stage.fake.request(0));
      const size = Buffer.byteLength(records.join(""));
      await run(stage, size, Buffer.byteLength(records.slice(0, last).join("")));
    },
    { reply },
  );
}

/** Asks once for each position, many at a time. */
async function atEvery(positions: number, ask: (position: number) => Promise<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let start = 0; start < positions; start += 100) {
    const some = Array.from({ length: Math.min(100, positions - start) }, (_, index) => ask(start + index));
    outcomes.push(...(await Promise.all(some)));
  }
  return outcomes;
}

/** An answer up to there: complete, or broken off and told so. */
function expectPrefix(outcome: Outcome, position: number): void {
  assert.ok(whole.startsWith(outcome.text), `text at byte ${position}: ${outcome.text}`);
  if (outcome.finish === undefined) return;
  assert.deepEqual([outcome.text, outcome.finish], [whole, "stop"], `complete at byte ${position}, and is not`);
}

const ends = (how: "end" | "fin"): BackendCase =>
  cut(
    how === "end" ? "by a good end of the body: whole or broken off, never between" : "by FIN: the same",
    (at) => ({ cut: { at, how } }),
    async ({ ask }, size, finished) => {
      const outcomes = await atEvery(size + 1, (position) => ask({ request: `position ${position}` }));
      for (const [position, outcome] of outcomes.entries()) {
        expectPrefix(outcome, position);
        if (position <= finished) assert.equal(outcome.finish, undefined, `a false end at byte ${position}`);
        if (outcome.finish === undefined)
          assert.equal(outcome.error?.code, "upstream_truncated", `at byte ${position}`);
      }
      assert.equal(outcomes.at(-1)?.finish, "stop", "the whole stream is whole");
      assert.equal(outcomes.at(-1)?.error, undefined);
      const first = outcomes.findIndex((outcome) => outcome.finish !== undefined);
      const later = outcomes.slice(first).filter((outcome) => outcome.finish === undefined);
      assert.deepEqual(later, [], "once it is whole no further byte breaks it");
    },
  );

export const cuts: BackendTopic = {
  name: "a stream that is cut at every byte",
  cases: [
    ends("end"),
    ends("fin"),
    cut(
      "by a reset: never a false end",
      (at) => ({ cut: { at, how: "reset" } }),
      async ({ ask }, size, finished) => {
        // A reset may overtake bytes that were sent before it.
        const outcomes = await atEvery(size + 1, (position) => ask({ request: `position ${position}` }));
        for (const [position, outcome] of outcomes.entries()) {
          expectPrefix(outcome, position);
          if (position <= finished) assert.equal(outcome.finish, undefined, `a false end at byte ${position}`);
          if (outcome.finish === undefined) {
            const told = ["upstream_truncated", "backend_unavailable"].includes(outcome.error?.code ?? "");
            assert.ok(told, `${outcome.error?.code} at byte ${position}`);
          }
        }
      },
    ),
    cut(
      "by silence: nothing is made up until somebody ends the call",
      (at) => ({ cut: { at, how: "stall" } }),
      async ({ backend, fake, soon }, size, finished) => {
        const outcomes = await atEvery(size, (position) => soon(untilSilent(backend, position), `byte ${position}`));
        for (const [position, outcome] of outcomes.entries()) {
          expectPrefix(outcome, position);
          if (position <= finished) assert.equal(outcome.finish, undefined, `a false end at byte ${position}`);
        }
        await soon(Promise.all(fake.requests.map((request) => request.closed)), "the end of every connection");
      },
    ),
    cut(
      "into two pieces: the same stream",
      (at) => ({ split: [at] }),
      async ({ ask }, size) => {
        const outcomes = await atEvery(size, (position) => ask({ request: `position ${position}` }));
        for (const { text, finish, error } of outcomes) {
          assert.deepEqual([text, finish, error], [whole, "stop", undefined]);
        }
      },
    ),
    cut(
      "by another byte in its place: an answer or an error, and nothing else",
      (corrupt) => ({ corrupt }),
      async ({ ask }, size) => {
        const outcomes = await atEvery(size, (position) => ask({ request: `position ${position}` }));
        for (const [position, { finish, error }] of outcomes.entries()) {
          assert.ok(finish !== undefined || error !== undefined, `at byte ${position}`);
        }
      },
    ),
  ],
};

/** Reads for as long as something comes, then ends the call. */
async function untilSilent(backend: Stage["backend"], position: number): Promise<Outcome> {
  const stop = new AbortController();
  const batches: Outcome["batches"][number][] = [];
  const call = backend.generate(toRequest(`position ${position}`), stop.signal)[Symbol.asyncIterator]();
  let silence = setTimeout(() => stop.abort(), 100);
  try {
    for (let next = await call.next(); next.done !== true; next = await call.next()) {
      batches.push(next.value);
      clearTimeout(silence);
      silence = setTimeout(() => stop.abort(), 100);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(silence);
  }
  return toOutcome(batches);
}
