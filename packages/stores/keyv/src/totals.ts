interface Counters {
  readonly sessions: number;
  readonly messages: number;
}

/** Counters over all owners: summed once per process, then kept by its writes. */
export class Totals {
  #total: Counters | undefined;
  /** Whose counters changed while they are being summed. */
  #changed: Set<string> | undefined;
  #counting: Promise<Counters> | undefined;

  /** A change was made, or it is not known. */
  changed(owner: string, by?: Counters): void {
    this.#changed?.add(owner);
    if (!by) this.#total = undefined;
    else if (this.#total) {
      const { sessions, messages } = this.#total;
      this.#total = { sessions: sessions + by.sessions, messages: messages + by.messages };
    }
  }

  /** `read` answers the counters of owners. */
  async get(owners: () => Promise<string[]>, read: (owner: string) => Promise<Counters>): Promise<Counters> {
    if (this.#total) return this.#total;
    this.#counting ??= this.#count(owners, read).finally(() => (this.#counting = undefined));
    return this.#counting;
  }

  async #count(owners: () => Promise<string[]>, read: (owner: string) => Promise<Counters>): Promise<Counters> {
    const counted = new Map<string, Counters>();
    const changed = (this.#changed = new Set<string>());
    try {
      for (let next = await owners(); next.length > 0; next = [...changed]) {
        changed.clear();
        for (const owner of next) counted.set(owner, await read(owner));
      }
    } finally {
      this.#changed = undefined;
    }
    let [sessions, messages] = [0, 0];
    for (const one of counted.values()) {
      sessions += one.sessions;
      messages += one.messages;
    }
    return (this.#total = { sessions, messages });
  }
}
