import { ChatError, memory, type NewMessage, type SessionStore } from "@parlor/core";
import { manualClock } from "@parlor/core/testing";
import { keyv } from "@parlor/keyv";
import fc from "fast-check";
import { Keyv } from "keyv";
import { expect, it } from "vitest";
import { answered, said, streaming, window } from "./support/samples.ts";

type Step = (sessions: SessionStore) => Promise<unknown>;

const keys = ["ada", "eve"].flatMap((owner) => ["s1", "s2"].map((id) => ({ owner, id })));
const key = fc.constantFrom(...keys);
const seq = fc.nat(150);

const message: fc.Arbitrary<NewMessage> = fc
  .tuple(fc.nat(120), fc.constantFrom(said, streaming, answered), fc.constantFrom("", "x".repeat(9_000), undefined))
  .map(([id, make, text]) => {
    const made = make(`m${id}`);
    return text === undefined ? made : { ...made, parts: [{ type: "text", text }] };
  });
const messages = fc.oneof(fc.array(message, { maxLength: 3 }), fc.array(message, { minLength: 20, maxLength: 70 }));

/** Fewer deletions than additions, so that sessions grow over several pages. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(key, messages, fc.nat(60)).map(open) },
  {
    weight: 4,
    arbitrary: fc.tuple(key, messages).map(
      ([at, added]): Step =>
        (on) =>
          on.append(at, added),
    ),
  },
  { weight: 6, arbitrary: fc.tuple(key, fc.nat(120), fc.option(fc.tuple(seq, seq))).map(settle) },
  {
    weight: 1,
    arbitrary: key.map(
      (at): Step =>
        (on) =>
          on.clear(at),
    ),
  },
  {
    weight: 1,
    arbitrary: key.map(
      (at): Step =>
        (on) =>
          on.delete(at),
    ),
  },
  {
    weight: 1,
    arbitrary: key.map(
      (at): Step =>
        (on) =>
          on.update(at, { title: "T", favorite: true }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("ada", "eve").map(
      (owner): Step =>
        (on) =>
          on.deleteOwner(owner),
    ),
  },
  { weight: 4, arbitrary: fc.tuple(key, seq, fc.nat(80), fc.boolean()).map(page) },
  {
    weight: 2,
    arbitrary: fc.tuple(key, fc.nat(120)).map(
      ([at, id]): Step =>
        (on) =>
          on.message(at, `m${id}`),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("ada", "eve"), fc.nat(2)).map(list) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("ada", undefined).map(
      (owner): Step =>
        (on) =>
          counters(on, owner),
    ),
  },
);

function open([at, append, last]: [(typeof keys)[number], NewMessage[], number]): Step {
  return (on) => on.open(at, { init: { title: "New" }, append, window: { ...window, last } });
}

function settle([at, id, range]: [(typeof keys)[number], number, [number, number] | null]): Step {
  const [from, to] = range ?? [0, 0];
  const usage = { inputTokens: 1, outputTokens: 2 };
  return (on) =>
    on.settle(
      at,
      { ...answered(`m${id}`), meta: { usage } },
      { turn: `m${id}`, ...(range && { supersede: { from, to } }) },
    );
}

function page([at, before, limit, superseded]: [(typeof keys)[number], number, number, boolean]): Step {
  return (on) => on.messages(at, { limit, superseded, ...(before > 0 && { before }) });
}

function list([owner, offset]: [string, number]): Step {
  return async (on) => (await on.list(owner, { limit: 2, offset })).items;
}

async function counters(sessions: SessionStore, owner?: string): Promise<unknown> {
  const { sessions: count, messages: sum } = await sessions.stats(owner);
  return [count, sum];
}

/** What a step answers. Times are left out: the two storages may give them differently. */
async function answer(step: Step, sessions: SessionStore): Promise<string> {
  const answered = await step(sessions).catch((error: unknown) =>
    ChatError.isInstance(error) ? error.code : String(error),
  );
  return (
    JSON.stringify(answered, (name, value: unknown) => (name === "createdAt" || name === "updatedAt" ? 0 : value)) ?? ""
  );
}

const sorted = (text: string): unknown => (text === "" ? undefined : JSON.parse(text));

it("answers whatever is done like memory does", async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 5, maxLength: 60 }),
    fc.constantFrom(Infinity, 60, 3),
    async (steps, maxMessagesPerSession) => {
      const clock = manualClock();
      const records = new Map<string, unknown>();
      const { sessions: model } = memory({ clock, maxMessagesPerSession });
      const real = () => keyv(new Keyv(records), { clock, maxMessagesPerSession }).sessions;
      let sessions = real();
      for (const [at, one] of steps.entries()) {
        clock.advance(10);
        // Another process goes on now and then.
        if (at % 7 === 6) sessions = real();
        const [expected, found] = [await answer(one, model), await answer(one, sessions)];
        expect(sorted(found), `step ${at}`).toEqual(sorted(expected));
      }
      for (const owner of ["ada", "eve"]) await sessions.deleteOwner(owner);
      expect([...records.keys()]).toEqual(["keyv:parlor.check"]);
    },
  );
  await fc.assert(property, { numRuns: 300 });
});
