import type { Batch, Claim, Clock, TurnEvent, TurnStore } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";

/** After so long without the store, or with so many characters waiting, a turn is given up. */
const patience = { ms: 10_000, characters: 1_048_576, retryMs: 250 };

/** Whose events these are. */
export interface LogWriter {
  readonly id: string;
  readonly claim: Claim | undefined;
  /** A reader on another node follows it. */
  readonly attendedElsewhere: boolean;
  /** These are in the log. */
  deliver(events: readonly TurnEvent[]): void;
  /** They will never be. */
  abandon(error: ChatError): void;
}

interface Waiting extends Batch {
  readonly events: TurnEvent[];
  characters: number;
}

/** What travels together: the nth batch is the nth writer's. */
interface Round {
  readonly writers: readonly LogWriter[];
  readonly batches: readonly Batch[];
}

/**
 * Writes the events of all turns to the store and hands them to readers once they are there. On a store that appends at once
 * (memory) that is the same tick. On others there is one round at a time: what comes while it is out travels together in the
 * next, whichever turn it belongs to.
 */
export class TurnLog {
  readonly turns: TurnStore;
  readonly #clock: Clock;
  readonly #delivered: (turn: LogWriter) => void;
  #waiting = new Map<LogWriter, Waiting>();
  #out = false;

  /** `delivered` is told after each batch of a turn. */
  constructor(turns: TurnStore, clock: Clock, delivered: (turn: LogWriter) => void) {
    this.turns = turns;
    this.#clock = clock;
    this.#delivered = delivered;
  }

  /** Events of a turn that holds a claim, in order. */
  write(turn: LogWriter, events: TurnEvent[]): void {
    const claim = turn.claim as Claim;
    if (!this.#out) return this.#send({ writers: [turn], batches: [{ claim, events }] });
    let waiting = this.#waiting.get(turn);
    if (!waiting) this.#waiting.set(turn, (waiting = { claim, events: [], characters: 0 }));
    for (const event of events) {
      waiting.events.push(event);
      if (event.type === "text" || event.type === "reasoning") waiting.characters += event.text.length;
    }
    if (waiting.characters > patience.characters) this.#giveUp(turn, "The store did not keep up with the answer.");
  }

  #send(round: Round): void {
    const result = this.turns.append(round.batches);
    if ("then" in result) void this.#settle(round, result);
    else this.#deliver(round, result);
  }

  async #settle(round: Round, first: ReturnType<TurnStore["append"]>): Promise<void> {
    this.#out = true;
    const since = this.#clock.monotonic();
    for (let result = first; ; result = this.turns.append(round.batches)) {
      let results;
      try {
        results = await result;
      } catch {
        // Unknown whether it was written: events that are there are skipped by their offset, so the round is sent again.
        if (this.#clock.monotonic() - since > patience.ms) {
          for (const turn of round.writers) this.#giveUp(turn, "The store could not be reached while the answer came.");
          break;
        }
        await new Promise<void>((resolve) => this.#clock.after(patience.retryMs, resolve));
        continue;
      }
      this.#deliver(round, results);
      break;
    }
    this.#out = false;
    const next = this.#waiting;
    this.#waiting = new Map();
    if (next.size > 0) this.#send({ writers: [...next.keys()], batches: [...next.values()] });
  }

  #deliver({ writers, batches }: Round, results: Awaited<ReturnType<TurnStore["append"]>>): void {
    for (let index = 0; index < writers.length; index += 1) {
      const writer = writers[index] as LogWriter;
      if (results[index] === "stale")
        writer.abandon(new ChatError("lease_lost", "Another node has taken this turn over."));
      else {
        writer.deliver((batches[index] as Batch).events);
        this.#delivered(writer);
      }
    }
  }

  #giveUp(turn: LogWriter, detail: string): void {
    this.#waiting.delete(turn);
    turn.abandon(new ChatError("store_unavailable", detail));
  }
}
