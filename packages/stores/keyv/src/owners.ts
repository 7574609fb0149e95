import { ChatError, type SessionKey } from "@parlor/core";
import type { Call } from "./call.ts";
import type { Head } from "./head.ts";
import { ownerNames, sessionNames } from "./names.ts";
import type { Settings } from "./options.ts";
import { type Announced, type Entry, insert, newIndex, type OwnerIndex, recent } from "./owner-index.ts";
import { Queue } from "./queue.ts";
import type { Registry } from "./registry.ts";
import type { Totals } from "./totals.ts";

/** An index keeps so many entries in its own record, then moves the oldest to a page. */
const mostEntries = 96;
const pageEntries = 64;

/** How many finished changes are remembered; of others the head is asked. */
const mostFinished = 10_000;

/** A change of a session in the making. */
export interface Change extends Omit<Announced, "ms"> {
  /** Given when it is announced. */
  ms: number;
}

interface Outcomes {
  /** Nobody works on them. */
  readonly over: readonly Announced[];
  /** Removals of which only the beginning was made. */
  readonly begun: readonly Announced[];
  /** Sessions that did not come to be; of some there are pages. */
  readonly stillborn: readonly Announced[];
  readonly made: readonly Announced[];
}

/**
 * Which sessions an owner has, in the order of their changes. An index is written before the head it speaks of; an entry counts
 * if the head says the same. So no crash makes a session unknown to its owner, and none has to be repaired by searching.
 */
export class Owners {
  readonly #settings: Settings;
  readonly #registry: Registry;
  readonly #totals: Totals;
  readonly #finish: (key: SessionKey) => void;
  readonly #queue = new Queue();
  /** Announced by this process and not over. */
  readonly #open = new Set<string>();
  /** Announced by this process and made. */
  readonly #made = new Set<string>();

  /** `finish` is told of sessions whose removal was begun and not ended, and of those that did not come to be. */
  constructor(settings: Settings, registry: Registry, totals: Totals, finish: (key: SessionKey) => void) {
    this.#settings = settings;
    this.#registry = registry;
    this.#totals = totals;
    this.#finish = finish;
  }

  /** Says that a session is going to change, and when. Throws `sessions_full`. */
  announce(call: Call, owner: string, change: Change): Promise<void> {
    const names = ownerNames(owner);
    return this.#queue.run(names.index, async () => {
      const found = await call.find<OwnerIndex>(names.index);
      if (!found) await this.#registry.add(call, owner);
      const index = found ?? newIndex(owner);
      const unfinished = await this.#resolve(call, index);
      const coming = index.announced.filter((one) => one.old === 0 && !unfinished.includes(one));
      if (change.sessions > 0 && index.sessions + coming.length >= this.#settings.maxSessionsPerOwner)
        throw new ChatError("sessions_full", "Delete a session before starting another one.");
      if (change.sessions >= 0) {
        change.ms = Math.max(this.#settings.clock.now(), index.newestMs + 1, change.old + 1);
        index.newestMs = change.ms;
      }
      // A removal that was begun before is announced already.
      const name = token(owner, change);
      index.announced = [...index.announced.filter((one) => token(owner, one) !== name), { ...change }];
      this.#open.add(name);
      await this.#save(call, index);
    });
  }

  /** The change was made. `again`: it is a removal that was begun before, so it may be counted already. */
  made(owner: string, change: Change, again = false): void {
    const name = token(owner, change);
    this.#open.delete(name);
    this.#made.add(name);
    for (const oldest of this.#made) {
      if (this.#made.size <= mostFinished) break;
      this.#made.delete(oldest);
    }
    this.#totals.changed(owner, again ? undefined : change);
  }

  /** It was made or not: its head knows. */
  gaveUp(owner: string, change: Change): void {
    if (this.#open.delete(token(owner, change))) this.#totals.changed(owner);
  }

  /**
   * Forgets the session `finished`, which was deleted or did not come to be; the owner too, when nothing is left. Without it the
   * counters are not believed.
   */
  tidy(call: Call, owner: string, finished?: string): Promise<void> {
    const names = ownerNames(owner);
    return this.#queue.run(names.index, async () => {
      const index = await call.find<OwnerIndex>(names.index);
      if (!index) return this.#registry.remove(call, owner);
      await this.#resolve(call, index, finished);
      const keep =
        index.announced.length > 0 ||
        (finished !== undefined && index.sessions > 0) ||
        (await this.#hasAny(call, index));
      if (keep) return this.#save(call, index);
      // One more: a page that was written before its index was not.
      const pages = [...index.pages.map(({ number }) => number), index.nextPage];
      await call.delete(pages.map((number) => names.page(number)));
      await call.delete([names.index]);
      await this.#registry.remove(call, owner);
    });
  }

  get(call: Call, owner: string): Promise<OwnerIndex | undefined> {
    return call.find<OwnerIndex>(ownerNames(owner).index);
  }

  /** The ids of all sessions, and of some that are no more. */
  async ids(call: Call, index: OwnerIndex): Promise<string[]> {
    const names = ownerNames(index.owner);
    const pages = await call.get<Entry[]>(index.pages.map(({ number }) => names.page(number)));
    const entries = [...pages.flatMap((page) => page ?? []), ...index.entries];
    return [...new Set([...entries.map(([, id]) => id), ...index.announced.map(({ id }) => id)])];
  }

  async counters(call: Call, owner: string): Promise<{ sessions: number; messages: number }> {
    const index = await this.get(call, owner);
    let { sessions, messages } = index ?? { sessions: 0, messages: 0 };
    const { begun = [], made = [] } = index ? await this.#outcomes(call, index) : {};
    for (const change of [...begun, ...made]) {
      sessions += change.sessions;
      messages += change.messages;
    }
    return { sessions, messages };
  }

  /** Some of the sessions whose time is over: of the oldest page, where there are pages. */
  async expired(call: Call, owner: string, limit: number): Promise<string[]> {
    const { ttlMs, clock } = this.#settings;
    const index = ttlMs === Infinity ? undefined : await this.get(call, owner);
    const [page] = index?.pages ?? [];
    const [stored] = await call.get<Entry[]>(page ? [ownerNames(owner).page(page.number)] : []);
    const entries = [...(stored ?? []), ...(index ? recent(index).toReversed() : [])];
    // Of two entries of one session the later one holds.
    const latest = new Map(entries.map(([ms, id]) => [id, ms]));
    const over = [...latest].filter(([, ms]) => ms + ttlMs <= clock.now());
    return over.slice(0, limit).map(([id]) => id);
  }

  /** What became of announced changes, as far as this can be said now. */
  async #outcomes(call: Call, { owner, announced }: OwnerIndex): Promise<Outcomes> {
    const over = announced.filter((change) => !this.#open.has(token(owner, change)));
    const unknown = over.filter((change) => !this.#made.has(token(owner, change)));
    const heads = await call.get<Head>(unknown.map(({ id }) => sessionNames({ owner, id }).head));
    const begun = unknown.filter(({ ms }, at) => ms === 0 && heads[at]?.gone);
    const refuted = unknown.filter(({ ms }, at) => heads[at]?.updatedMs !== (ms || undefined));
    const stillborn = refuted.filter(({ ms, old }) => ms > 0 && old === 0);
    return { over, begun, stillborn, made: over.filter((change) => !refuted.includes(change)) };
  }

  /** Puts what is known of announced changes into the index; what is left to finish stays announced, `finished` excepted. */
  async #resolve(call: Call, index: OwnerIndex, finished?: string): Promise<readonly Announced[]> {
    const { owner } = index;
    const { over, begun, stillborn, made } = await this.#outcomes(call, index);
    const unfinished = [...begun, ...stillborn].filter(({ id }) => id !== finished);
    for (const { old, ms, id, sessions, messages } of made) {
      if (old > 0) await this.#removeEntry(call, index, old);
      if (ms > 0) insert(index, [ms, id]);
      index.sessions += sessions;
      index.messages += messages;
    }
    for (const change of over) this.#made.delete(token(owner, change));
    index.announced = index.announced.filter((change) => !over.includes(change) || unfinished.includes(change));
    for (const { id } of unfinished) this.#finish({ owner, id });
    return unfinished;
  }

  async #hasAny(call: Call, index: OwnerIndex): Promise<boolean> {
    const ids = await this.ids(call, index);
    const heads = await call.get<Head>(ids.map((id) => sessionNames({ owner: index.owner, id }).head));
    return heads.some(Boolean);
  }

  /** Takes an entry out of the index; a page is written before the index, which goes on announcing the change until then. */
  async #removeEntry(call: Call, index: OwnerIndex, ms: number): Promise<void> {
    const kept = index.entries.filter((entry) => entry[0] !== ms);
    if (kept.length < index.entries.length) return void (index.entries = kept);
    const page = index.pages.findLast(({ firstMs }) => firstMs <= ms);
    if (!page) return;
    const name = ownerNames(index.owner).page(page.number);
    const [stored = []] = await call.get<Entry[]>([name]);
    const entries = stored.filter((entry) => entry[0] !== ms);
    if (entries.length > 0) await call.set([[name, JSON.stringify(entries)]]);
    else await call.delete([name]);
    const changed = entries.length > 0 ? [{ ...page, count: entries.length }] : [];
    index.pages.splice(index.pages.indexOf(page), 1, ...changed);
  }

  async #save(call: Call, index: OwnerIndex): Promise<void> {
    const names = ownerNames(index.owner);
    if (index.entries.length > mostEntries) {
      // What is announced for an earlier time must still find its place among the entries.
      const earliest = Math.min(...index.announced.map(({ ms }) => ms || Infinity));
      const old = index.entries.slice(0, pageEntries).filter(([ms]) => ms < earliest);
      const [first] = old;
      if (first) {
        await call.set([[names.page(index.nextPage), JSON.stringify(old)]]);
        index.entries = index.entries.slice(old.length);
        index.pages.push({ number: index.nextPage++, firstMs: first[0], count: old.length });
      }
    }
    await call.set([[names.index, JSON.stringify(index)]]);
  }
}

const token = (owner: string, { id, ms, old }: Announced) => JSON.stringify([owner, id, ms, old]);
