export interface StoreInfo {
  readonly name: string;
  /**
   * What survives. `none`: nothing. `server`: a killed process of ours, while the store's own server lives. `process`: a killed process,
   * ours or the store's; a crash of the machine may lose about a second. `power`: a power loss too.
   */
  readonly durability: "none" | "server" | "process" | "power";
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
