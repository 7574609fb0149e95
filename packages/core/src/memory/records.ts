import type { Clock, RecordStore } from "../contracts/index.ts";
import { MemoryPart } from "./options.ts";
import { notDue, Schedule, type Due } from "./schedule.ts";
import { countBefore } from "./sorted.ts";

interface Entry extends Due {
  readonly kind: string;
  readonly id: string;
  value: string;
}

interface Kind {
  readonly byId: Map<string, Entry>;
  /** Ascending. */
  readonly ids: string[];
}

export class MemoryRecords extends MemoryPart implements RecordStore {
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  readonly #ends = new Schedule<Entry>();

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  async get(kind: string, id: string): Promise<string | undefined> {
    this.#sweep();
    return this.#find(kind, id)?.value;
  }

  async putIfAbsent(kind: string, id: string, value: string, ttlMs?: number): Promise<boolean> {
    const now = this.#sweep();
    if (this.#find(kind, id)) return false;
    this.#write(kind, id, value, now, ttlMs);
    return true;
  }

  async put(kind: string, id: string, value: string, ttlMs?: number): Promise<void> {
    this.#write(kind, id, value, this.#sweep(), ttlMs);
  }

  async delete(kind: string, id: string): Promise<boolean> {
    this.#sweep();
    const entry = this.#find(kind, id);
    if (entry) this.#remove(entry);
    return entry !== undefined;
  }

  async list(
    kind: string,
    { limit, after }: { readonly limit: number; readonly after?: string },
  ): Promise<readonly { readonly id: string; readonly value: string }[]> {
    this.#sweep();
    const { byId, ids } = this.#kinds.get(kind) ?? { byId: new Map<string, Entry>(), ids: [] };
    const start = after === undefined ? 0 : countBefore(ids, (id) => id <= after);
    return ids.slice(start, start + limit).map((id) => ({ id, value: byId.get(id)?.value ?? "" }));
  }

  #find(kind: string, id: string): Entry | undefined {
    return this.#kinds.get(kind)?.byId.get(id);
  }

  #write(kind: string, id: string, value: string, now: number, ttlMs?: number): void {
    const entry = this.#find(kind, id) ?? this.#add({ ...notDue, kind, id, value });
    entry.value = value;
    if (ttlMs === undefined) this.#ends.remove(entry);
    else this.#ends.put(entry, now + ttlMs);
  }

  #add(entry: Entry): Entry {
    const kind = this.#kinds.get(entry.kind) ?? { byId: new Map<string, Entry>(), ids: [] };
    this.#kinds.set(entry.kind, kind);
    kind.byId.set(entry.id, entry);
    kind.ids.splice(
      countBefore(kind.ids, (id) => id < entry.id),
      0,
      entry.id,
    );
    return entry;
  }

  #remove(entry: Entry): void {
    this.#ends.remove(entry);
    const kind = this.#kinds.get(entry.kind);
    if (!kind?.byId.delete(entry.id)) return;
    kind.ids.splice(
      countBefore(kind.ids, (id) => id < entry.id),
      1,
    );
    if (kind.ids.length === 0) this.#kinds.delete(entry.kind);
  }

  #sweep(): number {
    const now = this.#clock.monotonic();
    for (let entry = this.#ends.take(now); entry; entry = this.#ends.take(now)) this.#remove(entry);
    return now;
  }
}
