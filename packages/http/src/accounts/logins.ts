import type { ChatEngine } from "@parlor/core";
import type { LoginInfo } from "../auth/accounts.ts";
import { BoundedCache } from "../auth/bounded-cache.ts";
import { FreshRecords } from "../auth/fresh-records.ts";

/** A login as it is stored, under its token's `jti`. Without its record a token is dead. */
interface Login {
  readonly username: string;
  /** Of the credentials that it was made with: others end it. */
  readonly generation: string;
  readonly createdAt: string;
}

const kind = "admin:logins";
/** Apart, so that noting an activity cannot bring back a login that has just ended. */
const activityKind = "admin:activity";
const activityEveryMs = 60_000;
const mostListed = 1_000;

/** Who is logged in, the same on every node. */
export class Logins {
  readonly #engine: Pick<ChatEngine, "storage" | "clock">;
  readonly #records: FreshRecords;
  /** Noted lately by this process. */
  readonly #active: BoundedCache<true>;

  constructor(engine: Pick<ChatEngine, "storage" | "clock">) {
    this.#engine = engine;
    this.#records = new FreshRecords(engine, kind);
    this.#active = new BoundedCache(mostListed, engine.clock);
  }

  async begin(id: string, username: string, generation: string, ttlMs: number): Promise<void> {
    const login: Login = { username, generation, createdAt: this.#timestamp() };
    await this.#engine.storage.records.put(kind, id, JSON.stringify(login), ttlMs);
  }

  /** Whether it lives, by credentials of this generation. */
  async lives(id: string, generation: string): Promise<boolean> {
    const record = await this.#records.get(id);
    return record !== undefined && (JSON.parse(record) as Login).generation === generation;
  }

  /** Says that it is in use; at most once a minute that is written down. */
  note(id: string, ttlMs: number): void {
    if (this.#active.get(id)) return;
    this.#active.set(id, true, activityEveryMs);
    // A request does not fail for it.
    this.#engine.storage.records.put(activityKind, id, this.#timestamp(), ttlMs).catch(() => {});
  }

  async end(id: string): Promise<void> {
    const { records } = this.#engine.storage;
    await records.delete(kind, id);
    await this.#records.changed(id);
    await records.delete(activityKind, id);
  }

  /** Those that live by credentials of this generation. */
  async list(generation: string): Promise<readonly LoginInfo[]> {
    const { records } = this.#engine.storage;
    const [logins, activities] = await Promise.all([
      records.list(kind, { limit: mostListed }),
      records.list(activityKind, { limit: mostListed }),
    ]);
    const lastActivity = new Map(activities.map(({ id, value }) => [id, value]));
    return logins
      .map(({ id, value }) => ({ id, login: JSON.parse(value) as Login }))
      .filter(({ login }) => login.generation === generation)
      .map(({ id, login: { username, createdAt } }) => ({
        id,
        username,
        createdAt,
        lastActivity: lastActivity.get(id) ?? createdAt,
      }));
  }

  #timestamp(): string {
    return new Date(this.#engine.clock.now()).toISOString();
  }
}
