import type { Batch, LoggedEvent, TurnOutcome } from "@parlor/core";
import type { Connection } from "./connection.ts";

/** The turn that this claim may write; `last`: the offset of its last event. */
const writable = `SELECT number, coalesce((SELECT max(place) & 4294967295 FROM log
  WHERE place >= number << 32 AND place < (number + 1) << 32), 0) AS last
  FROM turns WHERE owner = ?1 AND session = ?2 AND id = ?3 AND epoch = ?4 AND outcome IS NULL`;

const sql = {
  writable,
  append: "INSERT INTO log VALUES ((?1 << 32) + ?2, ?3)",
  read: "SELECT events FROM log WHERE place > (?1 << 32) + ?2 AND place < (?1 + 1) << 32 ORDER BY place",
  erase: "DELETE FROM log WHERE place >= ?1 << 32 AND place < (?1 + 1) << 32",
};

interface Writable {
  readonly number: number;
  readonly last: number;
}

/** Events of turns, a row per batch. Called in transactions. */
export class TurnLog {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** Adds what the log does not have yet, if the claim holds and nothing is missing before it. */
  append({ claim, events }: Batch): { readonly last: number } | "stale" {
    const turn = this.#writable(claim);
    if (!turn) return "stale";
    const first = events[0]?.offset ?? turn.last + 1;
    if (first > turn.last + 1) return "stale";
    const fresh = first === turn.last + 1 ? events : events.slice(turn.last + 1 - first);
    const last = turn.last + fresh.length;
    if (fresh.length > 0) this.#db.run(sql.append, turn.number, last, JSON.stringify(fresh));
    return { last };
  }

  /** Adds the terminal event; the number of the turn, or undefined when the claim does not hold. */
  end(claim: Batch["claim"], outcome: TurnOutcome): number | undefined {
    const turn = this.#writable(claim);
    if (!turn) return undefined;
    const offset = turn.last + 1;
    this.#db.run(sql.append, turn.number, offset, JSON.stringify([{ type: "end", offset, ...outcome }]));
    return turn.number;
  }

  read(number: number, after: number, limit: number): LoggedEvent[] {
    const events: LoggedEvent[] = [];
    // Offsets are counted in 32 bits; a cursor may be anything.
    const from = Math.max(0, Math.min(after, 0xffff_ffff));
    for (const row of this.#db.iterate<{ events: string }>(sql.read, number, from)) {
      for (const event of JSON.parse(row.events) as LoggedEvent[]) {
        if (events.length >= limit) return events;
        if (event.offset > after) events.push(event);
      }
      if (events.length >= limit) return events;
    }
    return events;
  }

  erase(number: number): void {
    this.#db.run(sql.erase, number);
  }

  #writable({ key, turn, epoch }: Batch["claim"]): Writable | undefined {
    return this.#db.get<Writable>(sql.writable, key.owner, key.id, turn, epoch);
  }
}
