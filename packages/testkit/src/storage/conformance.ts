import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import type { Storage } from "@parlor/core";
import type { Bounds, Capability, Case, Context, PartName, Topic } from "./topic.ts";
import { topics } from "./topics/index.ts";

export interface StoreOptions extends Omit<Bounds, "ttlBeats" | "logBeats"> {
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
  /** Each subject has data of its own, so what is counted of all owners is known. Default false. */
  readonly alone?: boolean;
  /** The same data as a process has it that was started when the last one had ended. Absent: `storage` goes on. */
  readonly restart?: () => Promise<Partial<Storage>>;
  /** Names whatever is still kept of an owner; called when it should be nothing. Absent: nobody looks. */
  readonly left?: (owner: string) => Promise<readonly string[]>;
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
  /**
   * Random sequences of calls, answered as memory answers them: how many a part gets under each of its bounds, and what the first is drawn
   * from; and twice as many times random calls at once, answered as memory answers them in some order. PARLOR_TEST_RUNS and
   * PARLOR_TEST_SEED, where they are set, say otherwise. Default: 10, from another seed each time; what fails says which.
   */
  readonly random?: { readonly runs?: number; readonly seed?: number };
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

async function runCase(options: ConformanceOptions, one: Case, topic: Topic): Promise<void> {
  const { create, beat = 1_000 } = options;
  const { ttlBeats, logBeats = 10, ...bounds } = one.bounds;
  const ttl = ttlBeats === undefined ? {} : { ttlMs: ttlBeats * beat };
  const subject = await create({ ...bounds, ...ttl, logMs: logBeats * beat, idempotencyMs: 2 * logBeats * beat });
  try {
    for (const part of topic.parts) assert.ok(subject.storage[part], `the storage has no ${part}`);
    if (one.needs.includes("time")) assert.ok(subject.advance, "without `advance`, `lacks` has to name time");
    await one.run(contextOf(subject, beat, draws(options)));
  } finally {
    await subject.close?.();
  }
}

function contextOf(subject: Subject, beat: number, random: Context["random"]): Context {
  const { storage: given, peer, advance, alone = false, restart, left } = subject;
  const storage = given as Storage;
  const unique = (label: string) => `${label}-${randomUUID()}`;
  const owner = unique("ada");
  const nodes: [Storage, Storage] = [storage, (peer ?? storage) as Storage];
  return {
    sessions: storage.sessions,
    turns: storage.turns,
    limits: storage.limits,
    records: storage.records,
    bus: storage.bus,
    nodes,
    beat,
    advance: async (beats) => advance?.(beats * beat),
    owner,
    stranger: unique("eve"),
    key: (id = "session") => ({ owner, id }),
    unique,
    random,
    alone,
    restart: async () => {
      if (restart) nodes[0] = nodes[1] = (await restart()) as Storage;
    },
    left: async (name) => (await left?.(name)) ?? [],
  };
}

const draws = ({ random = {} }: ConformanceOptions): Context["random"] => ({
  runs: Number(process.env["PARLOR_TEST_RUNS"] ?? random.runs ?? 10),
  seed: Number(process.env["PARLOR_TEST_SEED"] ?? random.seed ?? randomInt(2 ** 31)),
});
