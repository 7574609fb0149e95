import type { StorePart } from "./store-part.ts";

/** So much per window. A key has one window per duration; it opens when something is first charged to it. */
export interface LimitRule {
  readonly limit: number;
  readonly windowMs: number;
}

export interface LimitReceipt {
  readonly key: string;
  readonly cost: number;
  /** Which window was charged; the store's own. */
  readonly window: string;
}

export interface Decision {
  readonly allowed: boolean;
  readonly limit: number;
  /** Left in this window after this call. */
  readonly remaining: number;
  /** Until the window ends, in milliseconds. */
  readonly resetMs: number;
  /** Present when allowed. */
  readonly receipt?: LimitReceipt;
}

/** What a rule leaves to somebody, after it was asked. */
export interface Quota extends LimitRule {
  /** What it counts: `turns`, `requests` … */
  readonly name: string;
  /** Default: requests. */
  readonly unit?: "tokens" | "concurrent-requests";
  readonly remaining: number;
  /** Until the window ends, in milliseconds. */
  readonly resetMs: number;
}

/** Atomic counters. */
export interface LimitStore extends StorePart {
  /** Charges `cost` if it fits, in one atomic step; a cost above the whole limit never fits. */
  consume(key: string, cost: number, rule: LimitRule): Promise<Decision>;
  /** Reserved → real, while the window lasts; a crash leaves the reservation until then. */
  settle(receipt: LimitReceipt, actual: number): Promise<void>;
  /** Takes one of `max` places, or renews the holder's own. Places end by themselves after `ttlMs`. */
  acquire(key: string, holder: string, max: number, ttlMs: number): Promise<boolean>;
  release(key: string, holder: string): Promise<void>;
}

/** Small JSON records: accounts, logins, revoked tokens, settings. Each call is atomic. */
export interface RecordStore extends StorePart {
  get(kind: string, id: string): Promise<string | undefined>;
  /** False when it was there. `ttlMs`: absent, for ever. */
  putIfAbsent(kind: string, id: string, value: string, ttlMs?: number): Promise<boolean>;
  /** Sets the time to live anew, too. */
  put(kind: string, id: string, value: string, ttlMs?: number): Promise<void>;
  delete(kind: string, id: string): Promise<boolean>;
  /** By id, ascending, after `after`. */
  list(
    kind: string,
    page: { readonly limit: number; readonly after?: string },
  ): Promise<readonly { readonly id: string; readonly value: string }[]>;
}

export type Unsubscribe = () => void;

/** A hint, never the truth: what it says may be lost, doubled or late. */
export interface Bus extends StorePart {
  /** Calls no listener before it returns. A listener that throws stops no other. */
  publish(topic: string, payload: string): Promise<void>;
  subscribe(topic: string, listener: (payload: string) => void): Promise<Unsubscribe>;
}
