import fc from "fast-check";
import { expect, test } from "vitest";
import { type Claim, memory } from "../../src/index.ts";
import { manualClock } from "../../src/testing/index.ts";
import { key, newTurn, textEvent } from "./samples.ts";

const leaseMs = 1_000;
const session = key("a");

/** A turn as it has to be, kept in the plainest way. */
interface Modelled {
  readonly id: string;
  /** Which of the two writers holds it. */
  holder: number;
  leaseUntil: number;
  readonly log: string[];
  ended: boolean;
  settled: boolean;
  stop: boolean;
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("append" as const), writer: fc.nat(1), count: fc.nat(3) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("claim", "resend", "renew", "adopt", "end", "settled", "stop", "release"),
      writer: fc.nat(1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 800 }) }) },
);

test("two writers, any interleaving: no stale write is taken, no gap is left, a turn ends once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = manualClock();
      const { turns } = memory({ clock });
      const claims: (Claim | undefined)[] = [undefined, undefined];
      const made: Modelled[] = [];
      let number = 0;

      /** The turn that a writer believes to hold, and whether it does. */
      const held = (writer: number) => {
        const turn = made.find(({ id }) => id === claims[writer]?.turn);
        return turn && turn.holder === writer && !turn.ended ? turn : undefined;
      };
      const live = () => made.find((turn) => !turn.settled);

      for (const one of steps) {
        if (one.do === "advance") {
          clock.advance(one.ms);
          continue;
        }
        const { writer } = one;
        const now = clock.monotonic();
        const claim = claims[writer];
        const mine = held(writer);
        const current = live();
        if (one.do === "claim") {
          const id = `t${number++}`;
          const result = await turns.claim(session, newTurn(id), { leaseMs });
          const expected = !current ? "won" : current.ended || current.leaseUntil <= now ? "unsettled" : "busy";
          expect(result.kind).toBe(expected);
          if (result.kind === "won") {
            claims[writer] = result.claim;
            const fresh = { holder: writer, leaseUntil: now + leaseMs, log: [], ended: false, settled: false };
            made.push({ ...fresh, id, stop: false });
          }
        } else if (one.do === "stop") {
          const record = await turns.stop(session);
          const running = current && !current.ended ? current : undefined;
          expect(record?.id).toBe(running?.id);
          if (running) running.stop = true;
        } else if (one.do === "adopt") {
          const target = current ?? made.at(-1);
          const adopted = await turns.adopt(session, target?.id ?? "none", leaseMs);
          const free = target && !target.ended && target.leaseUntil <= now;
          expect(adopted !== undefined).toBe(free === true);
          if (!adopted || !target) continue;
          expect(adopted.epoch).toBeGreaterThan(claims[target.holder]?.epoch ?? 0);
          claims[writer] = adopted;
          if (target.holder === writer) claims[1 - writer] = undefined;
          target.holder = writer;
          target.leaseUntil = now + leaseMs;
        } else if (one.do === "settled") {
          await turns.settled(session, current?.id ?? "none");
          if (current?.ended) current.settled = true;
        } else if (!claim) {
          continue;
        } else if (one.do === "append" || one.do === "resend") {
          const after = made.find(({ id }) => id === claim.turn)?.log.length ?? 0;
          const from = one.do === "append" ? after : Math.max(0, after - 2);
          const count = one.do === "append" ? one.count : after - from;
          const texts = Array.from({ length: count }, (_, at) =>
            one.do === "append" ? `${writer}.${number++}` : `resent ${at}`,
          );
          const events = texts.map((text, at) => textEvent(from + at + 1, text));
          const result = await turns.append([{ claim, events }]);
          expect(result).toEqual([mine ? { last: from + count } : "stale"]);
          if (mine && one.do === "append") mine.log.push(...texts);
        } else if (one.do === "renew") {
          const [renewal] = await turns.renew([claim], leaseMs);
          expect(renewal).toEqual({ held: mine !== undefined, stop: mine?.stop ?? false, attended: false });
          if (mine) mine.leaseUntil = now + leaseMs;
        } else if (one.do === "end") {
          expect(await turns.end(claim, { status: "complete" })).toBe(mine !== undefined);
          if (!mine) continue;
          mine.ended = true;
          mine.log.push("end");
        } else if (one.do === "release") {
          await turns.release(claim);
          if (mine) made.splice(made.indexOf(mine), 1);
        }
      }

      for (const turn of made) {
        const page = await turns.read(session, turn.id, 0, 1_000);
        expect(page?.ended).toBe(turn.ended);
        expect(page?.events.map((event) => event.offset)).toEqual(turn.log.map((_, at) => at + 1));
        expect(page?.events.map((event) => (event.type === "text" ? event.text : event.type))).toEqual(turn.log);
      }
      expect((await turns.live(session))?.id).toBe(live()?.id);
    }),
    { numRuns: 500 },
  );
});
