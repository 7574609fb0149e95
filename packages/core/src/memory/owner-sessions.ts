import type { Page, PageRequest, Session } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { countBefore } from "./sorted.ts";
import type { History } from "./history.ts";
import type { Due } from "./schedule.ts";

/** A session as memory keeps it. `session` is replaced whole, so what was handed out never changes. */
export interface Entry extends Due {
  session: Session;
  updatedMs: number;
  readonly history: History;
}

/** The sessions of one owner: by id, and in the order they were updated. */
export class OwnerSessions {
  readonly byId = new Map<string, Entry>();
  /** By (updatedAt, id), oldest first. */
  readonly #order: Entry[] = [];
  /** Messages of all these sessions that are not superseded. */
  messages = 0;

  /** A time for a change made now: never before an earlier change, even when the clock was set back. */
  timeOfChange(now: number): number {
    const newest = this.#order.at(-1)?.updatedMs ?? now;
    return newest > now ? newest + 1 : now;
  }

  /** Gives the session its place in the order of updates. */
  insert(entry: Entry): void {
    const newest = this.#order.at(-1);
    // Nearly always: what is touched now is the newest.
    if (!newest || isBefore(newest, entry.updatedMs, entry.session.id)) this.#order.push(entry);
    else this.#order.splice(this.#countBefore(entry.updatedMs, entry.session.id), 0, entry);
  }

  /** Takes it out of the order, before `updatedMs` changes or when it goes. */
  withdraw(entry: Entry): void {
    if (this.#order.at(-1) === entry) this.#order.pop();
    else if (this.#order[0] === entry) this.#order.shift();
    else this.#order.splice(this.#countBefore(entry.updatedMs, entry.session.id), 1);
  }

  list({ limit, cursor, offset = 0 }: PageRequest): Page<Session> {
    const end = (cursor === undefined ? this.#order.length : this.#placeOf(cursor)) - offset;
    const start = Math.max(0, end - limit);
    const entries = this.#order.slice(start, Math.max(0, end)).toReversed();
    const items = entries.map((entry) => entry.session);
    const last = entries.at(-1);
    return start > 0 && last ? { items, cursor: `${last.updatedMs}.${last.session.id}` } : { items };
  }

  #placeOf(cursor: string): number {
    const dot = cursor.indexOf(".");
    const updatedMs = Number(cursor.slice(0, Math.max(0, dot)));
    if (dot < 1 || !Number.isSafeInteger(updatedMs)) {
      throw new ChatError("invalid_request", "The cursor is not one that this list gave out.");
    }
    return this.#countBefore(updatedMs, cursor.slice(dot + 1));
  }

  #countBefore(updatedMs: number, id: string): number {
    return countBefore(this.#order, (entry) => isBefore(entry, updatedMs, id));
  }
}

const isBefore = (entry: Entry, updatedMs: number, id: string) =>
  entry.updatedMs < updatedMs || (entry.updatedMs === updatedMs && entry.session.id < id);
