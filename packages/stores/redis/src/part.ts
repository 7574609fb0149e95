import type { StoreInfo, StorePart } from "@parlor/core";
import type { Connection } from "./connection.ts";

/** What the five parts have in common. */
export class RedisPart implements StorePart {
  readonly info: StoreInfo = { name: "redis", durability: "process", concurrentWriters: true };
  protected readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
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
