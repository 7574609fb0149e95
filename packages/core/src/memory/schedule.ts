/** What a `Schedule` can hold. The schedule alone writes these fields. */
export interface Due {
  dueAt: number;
  /** Which came first of those due at the same time. */
  order: number;
  /** Place in the heap; -1 outside. */
  slot: number;
}

export const notDue: Due = { dueAt: 0, order: 0, slot: -1 };

let orders = 0;

/** A binary heap, earliest first. Adding, moving and removing cost O(log n), so a sweep costs only what is due. */
export class Schedule<T extends Due> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): T | undefined {
    return this.#heap[0];
  }

  /** Adds the item, or moves it. */
  put(item: T, dueAt: number): void {
    if (item.slot < 0) item.slot = this.#heap.push(item) - 1;
    item.dueAt = dueAt;
    item.order = orders++;
    this.#settle(item);
  }

  remove(item: T): void {
    const { slot } = item;
    if (slot < 0) return;
    item.slot = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === item) return;
    this.#place(last, slot);
    this.#settle(last);
  }

  /** Takes out the first item if its time has come. */
  take(now: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueAt > now) return undefined;
    this.remove(first);
    return first;
  }

  #settle(item: T): void {
    for (;;) {
      const parent = this.#heap[(item.slot - 1) >> 1];
      if (item.slot === 0 || parent === undefined || !before(item, parent)) break;
      this.#swap(item, parent);
    }
    for (;;) {
      const left = this.#heap[2 * item.slot + 1];
      const right = this.#heap[2 * item.slot + 2];
      const child = left && right && before(right, left) ? right : left;
      if (child === undefined || !before(child, item)) break;
      this.#swap(item, child);
    }
  }

  #swap(a: T, b: T): void {
    const { slot } = a;
    this.#place(a, b.slot);
    this.#place(b, slot);
  }

  #place(item: T, slot: number): void {
    this.#heap[slot] = item;
    item.slot = slot;
  }
}

const before = (a: Due, b: Due) => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
