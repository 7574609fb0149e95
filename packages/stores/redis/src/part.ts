import type { StoreInfo, StorePart } from "@parlor/core";
import type { Connection } from "./connection.ts";

/** What the five parts have in common. */
export class RedisPart implements StorePart {
  readonly info: StoreInfo;
  protected readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
    this.info = {
      name: "redis",
      get durability() {
        return connection.savesToDisk ? "process" : "server";
      },
      concurrentWriters: true,
    };
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.connection.ping(signal);
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** Sends what nobody waits for and nothing depends on. */
  protected hint(work: Promise<unknown>): void {
    work.catch(() => {});
  }
}
