/** What is measured: the load, the provider's answer to it, and how the CPU time of the server counts. */
export interface Measure {
  /** Also the message that every request sends: the provider answers by it. */
  readonly name: "bursts" | "paced" | "turns" | "json";
  readonly label: string;
  readonly stream: boolean;
  /** Tokens of one reply; how many events the provider writes at once, and every how many milliseconds. */
  readonly reply: { readonly tokens: number; readonly perWrite: number; readonly paceMs: number };
  /** Replies of one round, and how many of them at once. */
  readonly replies: number;
  readonly atOnce: number;
  /** How long each server is loaded like this before anything is measured. */
  readonly warmUpMs: number;
  readonly per: "token" | "reply";
  readonly unit: "µs" | "ms";
  /** Parlor may take so many times what the raw loop takes. */
  readonly budget: number;
}

/** Events of any reply here: the provider's whole answer is one write. */
const whole = 10_000;

/** In the order of a server's life: a process whose first requests come many at once stays slower, see docs/performance.md. */
export const measures: readonly Measure[] = [
  {
    name: "turns",
    label: "a streamed turn of 20 tokens",
    stream: true,
    reply: { tokens: 20, perWrite: whole, paceMs: 0 },
    replies: 300,
    atOnce: 1,
    warmUpMs: 4000,
    per: "reply",
    unit: "ms",
    budget: 1.18,
  },
  {
    name: "json",
    label: "a request that is not streamed",
    stream: false,
    reply: { tokens: 20, perWrite: whole, paceMs: 0 },
    replies: 400,
    atOnce: 32,
    warmUpMs: 10_000,
    per: "reply",
    unit: "ms",
    budget: 2.3,
  },
  {
    name: "paced",
    label: "a token, one at a time",
    stream: true,
    reply: { tokens: 60, perWrite: 1, paceMs: 20 },
    replies: 40,
    atOnce: 40,
    warmUpMs: 1000,
    per: "token",
    unit: "µs",
    budget: 1.15,
  },
  {
    name: "bursts",
    label: "a token, in bursts",
    stream: true,
    reply: { tokens: 1000, perWrite: 32, paceMs: 0 },
    replies: 32,
    atOnce: 32,
    warmUpMs: 1000,
    per: "token",
    unit: "µs",
    budget: 1,
  },
];
