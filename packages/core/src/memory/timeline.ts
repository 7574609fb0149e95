/** What a `Timeline` can hold. The timeline alone writes these fields. */
export class Timed {
  dueAt = 0;
  listed = false;
  earlier: Timed | undefined;
  later: Timed | undefined;
}

/**
 * A list by time, earliest first, for times that come in order or nearly so: adding, moving to the end and removing touch the
 * neighbours only, however long it is. Where times come in any order, a `Schedule` is for that.
 */
export class Timeline<T extends Timed> {
  #first: Timed | undefined;
  #last: Timed | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first as T | undefined;
  }

  /** Adds the item, or moves it. */
  put(item: T, dueAt: number): void {
    this.remove(item);
    let earlier = this.#last;
    while (earlier && earlier.dueAt > dueAt) earlier = earlier.earlier;
    const later = earlier ? earlier.later : this.#first;
    item.dueAt = dueAt;
    item.listed = true;
    this.#join(earlier, item);
    this.#join(item, later);
    this.#size++;
  }

  remove(item: T): void {
    if (!item.listed) return;
    const { earlier, later } = item;
    item.listed = false;
    item.earlier = item.later = undefined;
    this.#join(earlier, later);
    this.#size--;
  }

  /** Takes out the first item if its time has come. */
  take(now: number): T | undefined {
    const { first } = this;
    if (first === undefined || first.dueAt > now) return undefined;
    this.remove(first);
    return first;
  }

  /** Earliest first; the item that it stands at may be removed. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let item = this.#first; item;) {
      const next: Timed | undefined = item.later;
      yield item as T;
      item = next;
    }
  }

  #join(earlier: Timed | undefined, later: Timed | undefined): void {
    if (earlier) earlier.later = later;
    else this.#first = later;
    if (later) later.earlier = earlier;
    else this.#last = earlier;
  }
}
