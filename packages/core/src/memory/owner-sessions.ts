import type { Page, PageRequest, Session } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { History } from "./history.ts";
import { Timed } from "./timeline.ts";
import { SortedList } from "./sorted-list.ts";

/** Where a session stands among those of its owner. */
interface Place {
  readonly updatedMs: number;
  readonly session: Pick<Session, "id">;
}

/** A session as memory keeps it. `session` is replaced whole, so what was handed out never changes. */
export class Entry extends Timed {
  session: Session;
  updatedMs: number;
  readonly history: History = new History();

  constructor(session: Session, updatedMs: number) {
    super();
    this.session = session;
    this.updatedMs = updatedMs;
  }
}

/** The sessions of one owner: by id, and in the order they were updated. */
export class OwnerSessions {
  readonly byId = new Map<string, Entry>();
  readonly #order = new SortedList<Place, Entry>(isBefore);
  /** Messages of all these sessions that are not superseded. */
  messages = 0;

  /** A time for a change made now: never before an earlier change, even when the clock was set back. */
  timeOfChange(now: number): number {
    const newest = this.#order.last?.updatedMs ?? now;
    return newest > now ? newest + 1 : now;
  }

  /** Gives the session its place in the order of updates. */
  insert(entry: Entry): void {
    this.#order.add(entry);
  }

  /** Gives it its place after a change. */
  move(entry: Entry, updatedMs: number): void {
    // Most changes are of the session that changed last, and leave it there.
    const moves = this.#order.last !== entry;
    if (moves) this.#order.remove(entry);
    entry.updatedMs = updatedMs;
    if (moves) this.#order.add(entry);
  }

  /** Takes it out of the order for good. */
  withdraw(entry: Entry): void {
    this.#order.remove(entry);
  }

  list({ limit, cursor, offset = 0 }: PageRequest): Page<Session> {
    const items: Session[] = [];
    let skipped = 0;
    let last: Entry | undefined;
    for (const entry of this.#order.backwards(cursor === undefined ? undefined : placeOf(cursor))) {
      if (skipped++ < offset) continue;
      if (items.length >= limit) return last ? { items, cursor: `${last.updatedMs}.${last.session.id}` } : { items };
      items.push(entry.session);
      last = entry;
    }
    return { items };
  }
}

function placeOf(cursor: string): Place {
  const dot = cursor.indexOf(".");
  const updatedMs = Number(cursor.slice(0, Math.max(0, dot)));
  if (dot < 1 || !Number.isSafeInteger(updatedMs)) {
    throw new ChatError("invalid_request", "The cursor is not one that this list gave out.");
  }
  return { updatedMs, session: { id: cursor.slice(dot + 1) } };
}

const isBefore = (one: Place, other: Place) =>
  one.updatedMs < other.updatedMs || (one.updatedMs === other.updatedMs && one.session.id < other.session.id);
