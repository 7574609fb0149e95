import { type Bus, ChatError, type Unsubscribe } from "@parlor/core";
import type { Database } from "./database.ts";
import { toChatError } from "./errors.ts";
import { Listener } from "./listener.ts";
import { PostgresPart } from "./part.ts";

interface Subscription {
  readonly listener: (payload: string) => void;
}

/** PostgreSQL refuses longer notices. */
const maxBytes = 7_999;

/** NOTIFY on one channel, heard on a connection of its own. Notices that wait for one that is out travel together in the next. */
export class PostgresBus extends PostgresPart implements Bus {
  readonly #topics = new Map<string, Set<Subscription>>();
  readonly #listener: Listener | undefined;
  readonly #channel: string;
  #waiting = new Set<string>();
  #sending: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(database: Database) {
    super(database, "none");
    const { schema, listen, timeoutMs } = database.settings;
    this.#channel = `${schema}.bus`;
    if (listen)
      this.#listener = new Listener(database.clientConfig, this.#channel, timeoutMs, (notice) => this.#hear(notice));
  }

  async publish(topic: string, payload: string): Promise<void> {
    // Its escapes make any text one that PostgreSQL takes.
    const notice = JSON.stringify([topic, payload]);
    if (!this.#listener) return queueMicrotask(() => this.#hear(notice));
    if (Buffer.byteLength(notice) > maxBytes)
      throw new ChatError("payload_too_large", `A notice has at most ${maxBytes} bytes.`);
    this.#waiting.add(notice);
    this.#next ??= this.#sendAfter(this.#sending);
    await this.#next;
  }

  async subscribe(topic: string, listener: (payload: string) => void): Promise<Unsubscribe> {
    // An object of its own: the same function may subscribe twice.
    const subscription: Subscription = { listener };
    this.#topics.set(topic, (this.#topics.get(topic) ?? new Set<Subscription>()).add(subscription));
    const unsubscribe = () => {
      const subscriptions = this.#topics.get(topic);
      subscriptions?.delete(subscription);
      if (subscriptions?.size === 0) this.#topics.delete(topic);
    };
    try {
      await this.#hears();
    } catch (error) {
      unsubscribe();
      throw error;
    }
    return unsubscribe;
  }

  /** Whoever listens has to hear, too. */
  override async ping(signal: AbortSignal): Promise<void> {
    await super.ping(signal);
    if (this.#topics.size > 0) await this.#hears();
  }

  override async close(): Promise<void> {
    this.#listener?.close();
    await super.close();
  }

  async #hears(): Promise<void> {
    try {
      await this.#listener?.ready();
    } catch (error) {
      throw toChatError(error);
    }
  }

  async #sendAfter(earlier: Promise<void> | undefined): Promise<void> {
    await earlier?.catch(() => {});
    const notices = [...this.#waiting];
    this.#waiting = new Set();
    this.#sending = this.#next;
    this.#next = undefined;
    await this.database.query("select pg_notify($1, notice) from unnest($2::text[]) as notice", [
      this.#channel,
      notices,
    ]);
  }

  #hear(notice: string): void {
    const [topic, payload] = JSON.parse(notice) as [string, string];
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
