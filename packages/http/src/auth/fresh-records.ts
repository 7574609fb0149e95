import type { ChatEngine, Storage } from "@parlor/core";
import { BoundedCache } from "./bounded-cache.ts";

/** With the 4 s until the credentials of an open stream are asked for again: what was revoked is dead within 5 s. */
const freshMs = 1_000;
const mostKept = 10_000;

/**
 * Records of one kind, at most a second old on any node: a notice on the bus has one read again at once, and where the notice is
 * lost, the time.
 */
export class FreshRecords {
  readonly #storage: Storage;
  readonly #kind: string;
  readonly #kept: BoundedCache<string | undefined>;
  readonly #reading = new Map<string, Promise<string | undefined>>();
  #listening = false;

  constructor({ storage, clock }: Pick<ChatEngine, "storage" | "clock">, kind: string) {
    this.#storage = storage;
    this.#kind = kind;
    this.#kept = new BoundedCache(mostKept, clock);
  }

  /** Throws `store_unavailable`: what cannot be read is not known. */
  async get(id: string): Promise<string | undefined> {
    this.#listen();
    const kept = this.#kept.get(id);
    if (kept) return kept.value;
    const running = this.#reading.get(id);
    if (running) return running;
    const reading = this.#storage.records.get(this.#kind, id);
    this.#reading.set(id, reading);
    try {
      const value = await reading;
      // Unless it has changed meanwhile.
      if (this.#reading.get(id) === reading) this.#kept.set(id, value, freshMs);
      return value;
    } finally {
      if (this.#reading.get(id) === reading) this.#reading.delete(id);
    }
  }

  /** To be called once a record has been written or deleted. */
  async changed(id: string): Promise<void> {
    this.#forget(id);
    // Only a hint: the others find out anyway, a little later.
    await this.#storage.bus.publish(topicOf(this.#kind), id).catch(() => {});
  }

  #forget(id: string): void {
    this.#kept.delete(id);
    this.#reading.delete(id);
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#storage.bus.subscribe(topicOf(this.#kind), (id) => this.#forget(id)).catch(() => (this.#listening = false));
  }
}

const topicOf = (kind: string) => `records:${kind}`;
