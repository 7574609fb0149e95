import { Agenda } from "./agenda.ts";
import type { Connection } from "./connection.ts";
import { finite } from "./script.ts";
import type { Settings } from "./options.ts";
import { sweepOwner } from "./owner-scripts.ts";
import type { Totals } from "./totals.ts";

const ownersAtOnce = 8;
const sessionsAtOnce = 100;
const longestPauseMs = 60_000;

/**
 * Removes sessions whose time is over, each in one step with all it has. Their own calls do not see them any more; an owner's writes
 * remove some of them; this sees to owners who never come back.
 */
export class Expiry {
  readonly #connection: Connection;
  readonly #settings: Settings;
  readonly #agenda: Agenda;
  readonly #totals: Totals;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, settings: Settings, totals: Totals) {
    this.#connection = connection;
    this.#settings = settings;
    this.#agenda = new Agenda(connection, settings.prefix, "expiring");
    this.#totals = totals;
    const { ttlMs } = settings;
    if (ttlMs === Infinity) return;
    this.#timer = setInterval(() => void this.sweep().catch(() => {}), Math.min(ttlMs, longestPauseMs)).unref();
  }

  /** This owner has a session that will expire. */
  async plan(tag: string): Promise<void> {
    if (this.#settings.ttlMs !== Infinity) await this.#agenda.plan(tag, tag, this.#settings.ttlMs);
  }

  async forget(tag: string): Promise<void> {
    if (this.#settings.ttlMs !== Infinity) await this.#agenda.remove(tag, tag);
  }

  async sweep(): Promise<void> {
    // Whoever's node is away is swept next time.
    for (const tag of await this.#agenda.due(ownersAtOnce)) await this.#sweepOwner(tag).catch(() => {});
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sweepOwner(tag: string): Promise<void> {
    const base = `${this.#settings.prefix}{${tag}}:`;
    const keys = [`${base}s:`, `${base}m:`, `${base}sessions`, `${base}counts`];
    for (;;) {
      const reply = await this.#connection.run<[number, number, number]>(sweepOwner, keys, [
        base,
        "",
        finite(this.#settings.ttlMs),
        sessionsAtOnce,
      ]);
      const [sessions, messages, nextInMs] = reply;
      if (sessions !== 0) await this.#totals.add(tag, sessions, messages);
      if (-sessions === sessionsAtOnce) continue;
      if (nextInMs < 0) return this.#agenda.done(tag, tag);
      return this.#agenda.plan(tag, tag, nextInMs, "XX");
    }
  }
}
