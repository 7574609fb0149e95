/** A session in the order of changes. */
export type Entry = readonly [updatedMs: number, id: string];

/** A change of a session that was announced before it was made: its head says whether it was. */
export interface Announced {
  readonly id: string;
  /** When; 0: the session is being deleted. */
  readonly ms: number;
  /** The session's `updatedMs` before it; 0: it is being made. */
  readonly old: number;
  /** How many sessions and messages it adds. */
  readonly sessions: number;
  readonly messages: number;
}

export interface PageOfEntries {
  readonly number: number;
  /** The time of its first entry, when it was written. */
  readonly firstMs: number;
  readonly count: number;
}

/** The sessions of one owner: a record of its own for what changed last, older entries in pages. */
export interface OwnerIndex {
  readonly owner: string;
  /** No change is announced for an earlier time. */
  newestMs: number;
  sessions: number;
  messages: number;
  nextPage: number;
  /** Oldest first, later than all pages. */
  entries: Entry[];
  pages: PageOfEntries[];
  announced: Announced[];
}

export const newIndex = (owner: string): OwnerIndex => ({
  owner,
  newestMs: 0,
  sessions: 0,
  messages: 0,
  nextPage: 1,
  entries: [],
  pages: [],
  announced: [],
});

/** Puts an entry in its place among those of the record itself. */
export function insert(index: OwnerIndex, entry: Entry): void {
  const before = index.entries.findLastIndex(([ms]) => ms < entry[0]);
  index.entries.splice(before + 1, 0, entry);
}

/** What the record holds itself, newest first, announced changes too. */
export function recent({ entries, announced }: OwnerIndex): Entry[] {
  const coming = announced.filter(({ ms }) => ms > 0).map(({ ms, id }): Entry => [ms, id]);
  return [...entries, ...coming].toSorted((a, b) => b[0] - a[0]);
}
