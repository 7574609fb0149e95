import assert from "node:assert/strict";
import type { Claim, ClaimResult, Renewal, TurnRecord, TurnStore } from "@parlor/core";
import { longMs, newTurn, textEvents } from "../samples.ts";
import type { Meeting } from "./at-once.ts";
import type { Game } from "./like-memory.ts";
import { OwnKeys } from "./own-keys.ts";
import { drawTurn, lookAtTurns, meetingTurns, type Span, turnOwners, type TurnStep } from "./turn-steps.ts";

/** A storage's turns, and those that were won or adopted so far, the newest first. */
class Side extends OwnKeys {
  readonly claims: Claim[] = [];
  /** By turn: the offset of its last event. */
  readonly last = new Map<string, number>();

  get turns(): TurnStore {
    return this.storage().turns;
  }

  /** One of the claims; one that nothing was ever won with where there are none yet. */
  claim(which: number): Claim {
    const { owner, id } = { owner: this.owner("ada"), id: "never" };
    return this.claims[which % (this.claims.length || 1)] ?? { key: { owner, id }, turn: "never", epoch: 1 };
  }

  won(claim: Claim): void {
    for (const older of this.claims)
      if (older.turn === claim.turn) assert.ok(claim.epoch > older.epoch, "an epoch grows with each writer");
    this.claims.unshift(claim);
  }
}

/** A millisecond is over before the next step, as the step waits. */
const ms = (span: Span) => (span === "long" ? longMs : 1);

/**
 * What the contract leaves open is not asked: epochs, of which only the growth counts, how long a lease still lasts, in which order
 * turns are that were claimed at the same time, what a turn id does that comes twice, and when logs and idempotency keys go.
 */
export const turnGame: Game<TurnStep, Side> = {
  draw: drawTurn,
  side: (storage, unique) => new Side(storage, unique),
  play,
  erase: async (side) => {
    const owners = turnOwners.map((name) => side.owner(name));
    await Promise.all(owners.map((owner) => side.turns.forget(owner)));
    return owners;
  },
};

/** What is done for several turns in one call are several steps, so one at a time is asked for. */
export const turnMeeting: Meeting<TurnStep, Side> = {
  game: turnGame,
  prepare: (random) => {
    const draw = meetingTurns(random);
    return () => (random.chance(0.8) ? draw() : { ...draw("over"), wait: true });
  },
  draw: meetingTurns,
  look: ({ claims }) => {
    // They are in the order in which they were answered, which is any.
    claims.sort((one, other) => (one.turn === other.turn ? one.epoch - other.epoch : one.turn < other.turn ? -1 : 1));
    return lookAtTurns(claims.length);
  },
};

async function play(side: Side, step: TurnStep): Promise<unknown> {
  const { turns } = side;
  if (step.do === "claim") {
    const { key, id, lease, idempotency } = step;
    const request = { leaseMs: ms(lease), ...(idempotency && { idempotency }) };
    return claimed(side, await turns.claim(side.key(key), newTurn(id), request));
  }
  if (step.do === "append") {
    const batches = step.batches.map(({ which, back, count }) => {
      const claim = side.claim(which);
      const first = Math.max(1, (side.last.get(claim.turn) ?? 0) + 1 - back);
      return { claim, events: textEvents(first, first + count - 1) };
    });
    const results = await turns.append(batches);
    for (const [at, { claim }] of batches.entries()) {
      const result = results[at] ?? "stale";
      if (result !== "stale") side.last.set(claim.turn, result.last);
    }
    return results;
  }
  if (step.do === "renew") {
    const renewed: readonly Renewal[] = await turns.renew(
      step.which.map((which) => side.claim(which)),
      ms(step.lease),
    );
    return renewed;
  }
  if (step.do === "stop" || step.do === "live") return turns[step.do](side.key(step.key));
  if (step.do === "expired") {
    const owners = turnOwners.map((name) => side.owner(name));
    return byId((await turns.expired(100_000)).filter(({ key }) => owners.includes(key.owner)));
  }
  if (step.do === "seal") return byId(await turns.seal(side.owner(step.owner), ms(step.span)));
  if (step.do === "forget") return turns.forget(side.owner(step.owner), step.id);
  const claim = side.claim(step.which);
  if (step.do === "adopt") {
    const adopted = await turns.adopt(claim.key, claim.turn, ms(step.lease));
    if (!adopted) return undefined;
    side.won(adopted);
    return { key: adopted.key, turn: adopted.turn };
  }
  if (step.do === "release") return turns.release(claim);
  if (step.do === "end") {
    const ended = await turns.end(claim, step.outcome);
    if (ended) side.last.set(claim.turn, (side.last.get(claim.turn) ?? 0) + 1);
    return ended;
  }
  if (step.do === "attend") return turns.attend(claim.key, claim.turn, ms(step.span));
  if (step.do === "read") return turns.read(claim.key, claim.turn, step.after, step.limit);
  return turns[step.do](claim.key, claim.turn);
}

function claimed(side: Side, result: ClaimResult): unknown {
  if (result.kind === "won") {
    const { claim } = result;
    side.won(claim);
    return { kind: "won", key: claim.key, turn: claim.turn };
  }
  if (result.kind !== "busy") return result;
  assert.ok(result.leaseMs > 0 && result.leaseMs <= longMs, `a lease has ${result.leaseMs} ms left`);
  return { kind: "busy", turn: result.turn };
}

const byId = (records: readonly TurnRecord[]) => records.toSorted((one, other) => (one.id < other.id ? -1 : 1));
