import type { StoreInfo, StorePart } from "@parlor/core";
import type { Connection } from "./connection.ts";
import type { Settings } from "./options.ts";
import type { StoreClock } from "./store-clock.ts";

/** What all parts share. */
export interface Shared {
  readonly db: Connection;
  readonly settings: Settings;
  readonly clock: StoreClock;
  readonly info: StoreInfo;
}

export class SqlitePart implements StorePart {
  readonly info: StoreInfo;
  protected readonly db: Connection;
  protected readonly settings: Settings;
  protected readonly clock: StoreClock;

  constructor({ db, settings, clock, info }: Shared) {
    this.db = db;
    this.settings = settings;
    this.clock = clock;
    this.info = info;
  }

  /** Gets the lock that every write needs, and lets go of it. */
  async ping(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.db.write(() => {}, false);
  }

  /** The connection that all parts share; a second call does nothing. */
  async close(): Promise<void> {
    await this.db.close();
  }
}
