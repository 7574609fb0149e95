/** Time comes in as an argument, so that tests need none. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Never goes back; milliseconds since some start. */
  monotonic(): number;
  /** Calls back once; returns how to cancel. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back again and again; returns how to cancel. */
  every(ms: number, callback: () => void): () => void;
}
