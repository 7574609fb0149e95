import type { Bus, Unsubscribe } from "../contracts/index.ts";
import { MemoryPart } from "./options.ts";

interface Subscription {
  readonly listener: (payload: string) => void;
}

export class MemoryBus extends MemoryPart implements Bus {
  readonly #topics = new Map<string, Set<Subscription>>();

  async publish(topic: string, payload: string): Promise<void> {
    if (this.#topics.has(topic)) queueMicrotask(() => this.#deliver(topic, payload));
  }

  async subscribe(topic: string, listener: (payload: string) => void): Promise<Unsubscribe> {
    // An object of its own: the same function may subscribe twice.
    const subscription: Subscription = { listener };
    this.#topics.set(topic, (this.#topics.get(topic) ?? new Set<Subscription>()).add(subscription));
    return () => {
      const subscriptions = this.#topics.get(topic);
      subscriptions?.delete(subscription);
      if (subscriptions?.size === 0) this.#topics.delete(topic);
    };
  }

  #deliver(topic: string, payload: string): void {
    const subscriptions = this.#topics.get(topic) ?? new Set<Subscription>();
    // Who subscribes meanwhile hears the next one; who unsubscribes hears no more.
    const listening = Array.from(subscriptions);
    for (const subscription of listening) {
      try {
        if (subscriptions.has(subscription)) subscription.listener(payload);
      } catch {
        // Its failure is its own: the others must hear, and a hint has nobody to answer to.
      }
    }
  }
}
