import type { Bus, Unsubscribe } from "@parlor/core";
import type { Connection } from "./connection.ts";
import { RedisPart } from "./part.ts";
import type { Wire } from "./wire.ts";

interface Subscription {
  readonly listener: (payload: string) => void;
}

interface Topic {
  readonly subscriptions: Set<Subscription>;
  /** Done when the server knows. */
  readonly subscribed: Promise<void>;
}

/** Listens on a connection of its own, which subscribes again whenever it comes back. */
export class RedisBus extends RedisPart implements Bus {
  readonly #prefix: string;
  readonly #listening: Connection;
  readonly #topics = new Map<string, Topic>();
  readonly #unused = new Set<string>();

  constructor(connection: Connection, listening: Connection, prefix: string) {
    super(connection);
    this.#listening = listening;
    this.#prefix = `${prefix}bus:`;
  }

  async publish(topic: string, payload: string): Promise<void> {
    const channel = this.#prefix + topic;
    // As JSON: a channel carries bytes, and not every string is well-formed.
    await this.connection.command(channel, "PUBLISH", channel, JSON.stringify(payload));
  }

  async subscribe(name: string, listener: (payload: string) => void): Promise<Unsubscribe> {
    // An object of its own: the same function may subscribe twice.
    const subscription: Subscription = { listener };
    const topic = this.#topics.get(name) ?? this.#open(name);
    topic.subscriptions.add(subscription);
    const unsubscribe = () => {
      if (!topic.subscriptions.delete(subscription) || topic.subscriptions.size > 0) return;
      if (this.#topics.get(name) === topic) this.#topics.delete(name);
      this.#unused.add(name);
      this.hint(this.#listening.call((wire) => this.#unsubscribe(wire)));
    };
    try {
      await topic.subscribed;
    } catch (error) {
      unsubscribe();
      throw error;
    }
    return unsubscribe;
  }

  /** From what nobody listens to any more, also what could not be told to the server before. */
  async #unsubscribe(wire: Wire): Promise<void> {
    const names = [...this.#unused].filter((name) => !this.#topics.has(name));
    this.#unused.clear();
    try {
      await Promise.all(names.map((name) => wire.unsubscribe(this.#prefix + name)));
    } catch (error) {
      for (const name of names) this.#unused.add(name);
      throw error;
    }
  }

  override async close(): Promise<void> {
    await Promise.all([super.close(), this.#listening.close()]);
  }

  #open(name: string): Topic {
    const subscriptions = new Set<Subscription>();
    const subscribed = this.#listening.call(async (wire) => {
      await wire.subscribe(this.#prefix + name, (payload) => this.#deliver(subscriptions, payload));
    });
    const topic = { subscriptions, subscribed };
    this.#topics.set(name, topic);
    return topic;
  }

  #deliver(subscriptions: ReadonlySet<Subscription>, payload: string): void {
    const text = JSON.parse(payload) as string;
    for (const subscription of Array.from(subscriptions)) {
      try {
        if (subscriptions.has(subscription)) subscription.listener(text);
      } catch {
        // Its failure is its own: the others must hear, and a hint has nobody to answer to.
      }
    }
  }
}
