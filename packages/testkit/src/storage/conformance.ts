import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Storage } from "@parlor/core";
import type { Bounds, Capability, Case, Context, PartName, Topic } from "./topic.ts";
import { topics } from "./topics/index.ts";

export interface StoreOptions extends Omit<Bounds, "ttlBeats"> {
  /**
   * How long a session is kept that nobody writes to, in milliseconds; absent: for ever. A storage that applies it to all it holds needs
   * data of its own then; one that removes sessions by and by should do so within two beats.
   */
  readonly ttlMs?: number;
  /** How long the log of an ended turn is kept, in milliseconds. */
  readonly logMs: number;
  /** How long an idempotency key is remembered, in milliseconds. */
  readonly idempotencyMs: number;
}

/** A storage to judge. */
export interface Subject {
  /** With the parts that are judged. */
  readonly storage: Partial<Storage>;
  /** The same data through a connection of its own, as another node has it. */
  readonly peer?: Partial<Storage>;
  /** Lets so many milliseconds pass for the storage: moves its clock, or waits. Absent: the storage lacks `time`. */
  readonly advance?: (ms: number) => void | Promise<void>;
  /** Called after the case. */
  readonly close?: () => Promise<void>;
}

/** What the suite needs of a test runner; `describe` and `it` of Vitest, Jest, Mocha and node:test fit. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
  /** Says that a case was left out; usually `it.skip`. */
  readonly skip: (name: string, body: () => Promise<void>) => unknown;
}

export interface ConformanceOptions {
  /** Called for each case. Cases use names of their own, so the data may be shared. */
  readonly create: (options: StoreOptions) => Promise<Subject>;
  readonly runner: Runner;
  /** Which parts there are. Default: all five. */
  readonly parts?: readonly PartName[];
  /** What the storage cannot do. What is lacking and not named here fails. */
  readonly lacks?: readonly Capability[];
  /**
   * Unit of all durations, in milliseconds; default 1,000. Where `advance` really waits, long enough for a few calls of the
   * storage on a busy machine.
   */
  readonly beat?: number;
}

const allParts: readonly PartName[] = ["sessions", "turns", "limits", "records", "bus"];

/**
 * Registers a test for everything the contracts promise. What is left out is registered as skipped, with the reason.
 *
 * @example
 * storageConformance({
 *   create: async (options) => ({ storage: mine(options), advance: (ms) => setTimeout(ms) }), // of node:timers/promises
 *   runner: { describe, it, skip: it.skip },
 *   beat: 200,
 * });
 */
export function storageConformance(options: ConformanceOptions): void {
  const { runner, parts = allParts, lacks = [] } = options;
  for (const topic of topics) {
    const missing = topic.parts.filter((part) => !parts.includes(part));
    runner.describe(topic.name, () => {
      for (const one of topic.cases) {
        const lacking = [...missing, ...one.needs.filter((need) => lacks.includes(need))];
        const run = () => runCase(options, one, topic);
        if (lacking.length === 0) runner.it(one.name, run);
        else runner.skip(`${one.name} (left out: this storage has no ${lacking.join(", ")})`, run);
      }
    });
  }
}

async function runCase({ create, beat = 1_000 }: ConformanceOptions, one: Case, topic: Topic): Promise<void> {
  const { ttlBeats, ...bounds } = one.bounds;
  const ttl = ttlBeats === undefined ? {} : { ttlMs: ttlBeats * beat };
  const subject = await create({ ...bounds, ...ttl, logMs: 10 * beat, idempotencyMs: 20 * beat });
  try {
    for (const part of topic.parts) assert.ok(subject.storage[part], `the storage has no ${part}`);
    if (one.needs.includes("time")) assert.ok(subject.advance, "without `advance`, `lacks` has to name time");
    await one.run(contextOf(subject, beat));
  } finally {
    await subject.close?.();
  }
}

function contextOf({ storage: given, peer, advance }: Subject, beat: number): Context {
  const storage = given as Storage;
  const unique = (label: string) => `${label}-${randomUUID()}`;
  const owner = unique("ada");
  return {
    sessions: storage.sessions,
    turns: storage.turns,
    limits: storage.limits,
    records: storage.records,
    bus: storage.bus,
    nodes: [storage, (peer ?? storage) as Storage],
    beat,
    advance: async (beats) => advance?.(beats * beat),
    owner,
    stranger: unique("eve"),
    key: (id = "session") => ({ owner, id }),
    unique,
  };
}
