import type { StoreInfo } from "@parlor/core";
import type { Database } from "./database.ts";

/** What the five parts have in common: one database, closed once. */
export class PostgresPart {
  readonly info: StoreInfo;
  protected readonly database: Database;

  constructor(database: Database, durability: StoreInfo["durability"] = "power") {
    this.database = database;
    this.info = database.info(durability);
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.database.ping(signal);
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}
