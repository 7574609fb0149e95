import type { LoggedEvent } from "../contracts/index.ts";
import { PackedLog } from "./packed-log.ts";
import { countBefore } from "./sorted.ts";

/** Fewer batches than this are left as they are. */
const worthPacking = 8;

/** Events of one turn as they came, in batches: adding a batch costs the same however long it is. */
export class TurnLog {
  #batches: (readonly LoggedEvent[])[] = [];
  #packed: PackedLog | undefined;
  #last = 0;

  /** Offset of the last event; 0: none. */
  get last(): number {
    return this.#last;
  }

  /** Adds what the log does not have yet; false, and nothing added, when that would leave a gap. */
  append(events: readonly LoggedEvent[]): boolean {
    const first = events[0]?.offset ?? this.#last + 1;
    if (first > this.#last + 1) return false;
    const fresh = first === this.#last + 1 ? events : events.slice(this.#last + 1 - first);
    if (fresh.length > 0) this.#batches.push(fresh);
    this.#last += fresh.length;
    return true;
  }

  /** Nothing more comes, and hardly anybody will ask. */
  pack(): void {
    if (this.#batches.length < worthPacking) return;
    this.#packed = new PackedLog(this.#batches.flat());
    this.#batches = [];
  }

  /** Nobody may read it any more; what still holds the turn shall not hold its text. */
  clear(): void {
    this.#batches = [];
    this.#packed = undefined;
  }

  read(after: number, limit: number): LoggedEvent[] {
    if (this.#packed !== undefined) {
      this.#batches = [this.#packed.events()];
      this.#packed = undefined;
    }
    const events: LoggedEvent[] = [];
    let index = countBefore(this.#batches, (batch) => (batch.at(-1)?.offset ?? 0) <= after);
    for (let batch = this.#batches[index]; batch && events.length < limit; batch = this.#batches[++index]) {
      const start = Math.max(0, after + 1 - (batch[0]?.offset ?? 0));
      const end = Math.min(batch.length, start + limit - events.length);
      for (let at = start; at < end; at++) events.push(batch[at] as LoggedEvent);
    }
    return events;
  }
}
