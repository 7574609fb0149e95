export interface StoreInfo {
  readonly name: string;
  /**
   * What survives. `none`: nothing. `process`: a killed process; the store's own crash may lose about a second.
   * `power`: a power loss too.
   */
  readonly durability: "none" | "process" | "power";
  /** Whether several processes may write. */
  readonly concurrentWriters: boolean;
}

/** What every part of a storage has. Parts on one connection close it once. */
export interface StorePart {
  readonly info: StoreInfo;
  /** Throws `store_unavailable` when it cannot serve. */
  ping(signal: AbortSignal): Promise<void>;
  /** A second call does nothing more. */
  close(): Promise<void>;
}
