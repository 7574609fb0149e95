import type { Claim } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { LiveTurns } from "./live-turns.ts";
import type { Settled } from "./options.ts";

const beatMs = 250;
/** How long a finished answer waits for its usage. */
const usageMs = 2_000;

/**
 * One timer for all live turns: deadlines of the backend, turns that nobody listens to, leases. Nothing else keeps time, so a
 * token costs no timer and no look at a clock.
 */
export class Pulse {
  readonly #options: Settled;
  readonly #live: LiveTurns;
  readonly #renewPlaces: (turns: readonly LiveTurn[]) => void;
  #cancel: (() => void) | undefined;
  #renewedAt = 0;

  constructor(options: Settled, live: LiveTurns, renewPlaces: (turns: readonly LiveTurn[]) => void) {
    this.#options = options;
    this.#live = live;
    this.#renewPlaces = renewPlaces;
  }

  /** Beats while turns are live. */
  start(): void {
    if (this.#cancel) return;
    this.#renewedAt = this.#options.clock.monotonic();
    this.#cancel = this.#options.clock.every(beatMs, () => this.#beat());
  }

  #beat(): void {
    if (this.#live.size === 0) {
      this.#cancel?.();
      this.#cancel = undefined;
      return;
    }
    const now = this.#options.clock.monotonic();
    for (const turn of this.#live.all()) {
      if (turn.attended) turn.attendedAt = now;
      else if (now - turn.attendedAt >= this.#options.detachedMs)
        turn.abort({ status: "interrupted", error: detached(this.#options.detachedMs) });
      this.#checkDeadlines(turn, now);
    }
    if (now - this.#renewedAt >= this.#options.renewMs) {
      this.#renewedAt = now;
      this.#renew().catch((error: unknown) => this.#options.report(error, "renewing leases"));
    }
  }

  #checkDeadlines(turn: LiveTurn, now: number): void {
    const { deadlines } = turn.uses;
    if (turn.generatingSince === undefined) return;
    if (turn.heard) {
      turn.heard = false;
      turn.heardAt = now;
    }
    const waited = now - Math.max(turn.heardAt, turn.generatingSince);
    // The answer is whole: what still may come is its usage, which is worth a moment only.
    if (turn.finishReason !== undefined) return void (waited >= usageMs && turn.abort({ status: "complete" }));
    const first = turn.silent;
    let late: string | undefined;
    if (waited >= (first ? deadlines.firstTokenMs : deadlines.idleMs)) {
      late = first ? `no answer within ${deadlines.firstTokenMs} ms` : `nothing more for ${deadlines.idleMs} ms`;
    } else if (now - turn.generatingSince >= deadlines.totalMs) late = `not done within ${deadlines.totalMs} ms`;
    if (late) turn.abort({ status: "failed", error: new ChatError("backend_timeout", `The model gave ${late}.`) });
  }

  async #renew(): Promise<void> {
    const held = this.#live.all().filter((turn) => turn.claim !== undefined && !turn.ending);
    this.#renewPlaces(held);
    const stored = held.filter((turn) => turn.stored);
    if (stored.length === 0) return;
    const renewals = await this.#options.storage.turns.renew(
      stored.map((turn) => turn.claim as Claim),
      this.#options.leaseMs,
    );
    stored.forEach((turn, index) => {
      const renewal = renewals[index];
      if (turn.ending) return;
      if (!renewal?.held) turn.abandon(new ChatError("lease_lost", "Another node has taken this turn over."));
      else {
        turn.attendedElsewhere = renewal.attended;
        if (renewal.stop) turn.abort({ status: "interrupted" });
      }
    });
  }
}

function detached(ms: number): ChatError {
  return new ChatError("turn_stopped", `Nobody listened for ${ms} ms.`);
}
