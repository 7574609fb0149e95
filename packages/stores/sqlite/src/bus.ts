import { randomUUID } from "node:crypto";
import type { Bus, Unsubscribe } from "@parlor/core";
import { type Shared, SqlitePart } from "./part.ts";
import { fromColumn, toColumn } from "./text.ts";

/** How often this process looks for what others said, while somebody listens. */
const pollMs = 250;
/** How long others have to hear it. */
const keepMs = 10_000;

const sql = {
  /** Changes when another connection has written; costs no look at the file. */
  version: "PRAGMA data_version",
  add: "INSERT INTO notices (node, topic, payload, ends) VALUES (?1, ?2, ?3, ?4)",
  newest: "SELECT coalesce(max(seq), 0) AS newest FROM sqlite_sequence WHERE name = 'notices'",
  after: "SELECT number, node, topic, payload FROM notices WHERE number > ?1 ORDER BY number",
};

interface Notice {
  readonly number: number;
  readonly node: string;
  readonly topic: string;
  readonly payload: string | Uint8Array;
}

interface Subscription {
  readonly listener: (payload: string) => void;
}

/** Listeners in this process hear at once, those in others when they look. */
export class SqliteBus extends SqlitePart implements Bus {
  readonly #node = randomUUID();
  readonly #topics = new Map<string, Set<Subscription>>();
  #timer: NodeJS.Timeout | undefined;
  #version: number | undefined;
  #heard = 0;

  constructor(shared: Shared) {
    super(shared);
    shared.db.onClose(() => clearInterval(this.#timer));
  }

  async publish(topic: string, payload: string): Promise<void> {
    if (this.#topics.has(topic)) queueMicrotask(() => this.#deliver(topic, payload));
    const ends = this.clock.now() + keepMs;
    await this.db.write(() => this.db.run(sql.add, this.#node, topic, toColumn(payload), ends), false);
  }

  async subscribe(topic: string, listener: (payload: string) => void): Promise<Unsubscribe> {
    if (!this.#timer) await this.#listen();
    // An object of its own: the same function may subscribe twice.
    const subscription: Subscription = { listener };
    this.#topics.set(topic, (this.#topics.get(topic) ?? new Set<Subscription>()).add(subscription));
    return () => {
      const subscriptions = this.#topics.get(topic);
      subscriptions?.delete(subscription);
      if (subscriptions?.size === 0) this.#topics.delete(topic);
      if (this.#topics.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    };
  }

  async #listen(): Promise<void> {
    this.#heard = await this.db.read(() => this.db.get<{ newest: number }>(sql.newest)?.newest ?? 0);
    this.#timer ??= setInterval(() => this.#poll(), pollMs).unref();
  }

  #poll(): void {
    try {
      const version = this.db.get<{ data_version: number }>(sql.version)?.data_version;
      if (version === this.#version) return;
      this.#version = version;
      for (const { number, node, topic, payload } of this.db.all<Notice>(sql.after, this.#heard)) {
        this.#heard = number;
        if (node !== this.#node) this.#deliver(topic, fromColumn(payload));
      }
    } catch {
      // A hint has nobody to answer to; the next look may see more.
    }
  }

  #deliver(topic: string, payload: string): void {
    const subscriptions = this.#topics.get(topic) ?? new Set<Subscription>();
    // Who subscribes meanwhile hears the next one; who unsubscribes hears no more.
    for (const subscription of Array.from(subscriptions)) {
      try {
        if (subscriptions.has(subscription)) subscription.listener(payload);
      } catch {
        // Its failure is its own: the others must hear.
      }
    }
  }
}
