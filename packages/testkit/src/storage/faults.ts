import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { ChatError, type Storage } from "@parlor/core";
import type { Runner, Subject } from "./conformance.ts";
import { newTurn, said, textEvent, times } from "./samples.ts";

/** A storage on a server of its own that can be made to fail, again and again. */
export interface FaultSubject extends Pick<Subject, "close"> {
  /** With the parts that are judged; the same one lives through all rounds, as in a process that is not restarted. */
  readonly storage: Partial<Storage>;
  /** Resolves when the fault is there. */
  readonly begin: () => unknown;
  /** Resolves when the server is back. Default: the fault is a moment, and needs no end. */
  readonly end?: () => unknown;
  /**
   * What calls do meanwhile. `fail`, the default: each throws `store_unavailable`. `read`: those that read work, and of those that write
   * at least one fails. `any`: each works or fails.
   */
  readonly meanwhile?: "fail" | "read" | "any";
  /** What was acknowledged may be gone afterwards. Default false. */
  readonly forgets?: boolean;
}

export interface FaultOptions {
  /** Called once for each, by name. */
  readonly faults: { readonly [name: string]: () => Promise<FaultSubject> };
  readonly runner: Pick<Runner, "it">;
  /** How often in a row each fault comes. Default 2. */
  readonly rounds?: number;
  /** A call has to fail within so many milliseconds. Default 2,500. */
  readonly failsWithinMs?: number;
  /** All have to work again so soon after the server is back. Default 3,000. */
  readonly backWithinMs?: number;
  /** Told one line a fault: how long it took at most. */
  readonly report?: (line: string) => void;
}

/**
 * Registers a test for each fault: calls fail in time while it lasts, nothing hangs, and when it is over all works again without a
 * restart; of what writers were told is stored nothing is lost, and nothing is there twice.
 */
export function storageFaults(options: FaultOptions): void {
  for (const [name, make] of Object.entries(options.faults)) options.runner.it(name, () => judge(name, make, options));
}

async function judge(name: string, make: () => Promise<FaultSubject>, options: FaultOptions): Promise<void> {
  const { rounds = 2, failsWithinMs = 2_500, backWithinMs = 3_000, report = () => {} } = options;
  const subject = await make();
  const { storage, begin, end = () => {}, meanwhile = "fail", forgets = false } = subject;
  let [slowest, latest, stored] = [0, 0, 0];
  try {
    const hears = await listen(storage);
    for (let round = 0; round < rounds; round++) {
      const writers = new Writers(storage, `round ${round}`);
      try {
        await writers.store(10, backWithinMs);
        await begin();
        const calls = await callAll(storage, failsWithinMs);
        slowest = Math.max(slowest, ...calls.map(({ ms }) => ms));
        checkMeanwhile(calls, meanwhile);
        await end();
        const since = performance.now();
        await until(`all calls work after round ${round}`, backWithinMs, async () =>
          (await callAll(storage, failsWithinMs)).every(({ outcome }) => outcome === "done"),
        );
        latest = Math.max(latest, performance.now() - since);
        await until("the bus is heard", backWithinMs, hears);
        await writers.store(10, backWithinMs);
      } finally {
        await writers.stop();
      }
      stored += await writers.check(forgets);
    }
  } finally {
    await subject.close?.();
  }
  const [failed, back] = [slowest, latest].map((ms) => `${(ms / 1_000).toFixed(2)} s`);
  const what = `calls answered or failed after ${failed} at most, all worked ${back} at most after it was over`;
  report(
    `${name}, ${rounds} times: ${what}, ${stored} acknowledged messages, ${forgets ? "none doubled" : "none lost or doubled"}`,
  );
}

interface Call {
  readonly name: string;
  readonly writes: boolean;
  readonly outcome: string;
  readonly ms: number;
}

/** One call of each kind, all at once. */
async function callAll({ sessions, turns, limits, records, bus }: Partial<Storage>, inMs: number): Promise<Call[]> {
  const id = randomUUID();
  const key = { owner: "ada", id };
  const claim = { key, turn: "none", epoch: 1 };
  const window = { last: 10, maxCharacters: 1_000 };
  const reads: Record<string, (() => unknown) | undefined> = {
    get: sessions && (() => sessions.get(key)),
    messages: sessions && (() => sessions.messages(key, { limit: 10 })),
    list: sessions && (() => sessions.list("ada", { limit: 1 })),
    read: turns && (() => turns.read(key, "none", 0, 10)),
    record: records && (() => records.get("kind", id)),
  };
  const writes: typeof reads = {
    // What cannot write cannot serve.
    ping: sessions && (() => sessions.ping(AbortSignal.timeout(60_000))),
    open: sessions && (() => sessions.open(key, { append: [said("m", "x".repeat(10_000))], window })),
    claim: turns && (() => turns.claim(key, newTurn(id), { leaseMs: 1 })),
    append: turns && (() => turns.append([{ claim, events: [textEvent(1)] }])),
    consume: limits && (() => limits.consume(id, 1, { limit: 10, windowMs: 1_000 })),
    acquire: limits && (() => limits.acquire(id, "holder", 1, 1_000)),
    put: records && (() => records.put("kind", id, "value", 1_000)),
    publish: bus && (() => bus.publish("topic", "payload")),
  };
  const call = async (name: string, writing: boolean, work: () => unknown): Promise<Call> => {
    const since = performance.now();
    const late = new AbortController();
    const outcome = await Promise.race([
      outcomeOf(work),
      pause(inMs, "late", { signal: late.signal }).catch(() => "done"),
    ]);
    late.abort();
    return { name, writes: writing, outcome, ms: performance.now() - since };
  };
  return Promise.all(
    [reads, writes].flatMap((group) =>
      Object.entries(group).flatMap(([name, work]) => (work ? [call(name, group === writes, work)] : [])),
    ),
  );
}

async function outcomeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "done";
  } catch (error) {
    return ChatError.isInstance(error) ? error.code : String(error);
  }
}

function checkMeanwhile(calls: readonly Call[], meanwhile: "fail" | "read" | "any"): void {
  const failed = calls.filter(({ outcome }) => outcome === "store_unavailable");
  const worked = calls.filter(({ outcome }) => outcome === "done");
  const other = calls.filter((call) => !failed.includes(call) && !worked.includes(call));
  const tell = (some: readonly Call[]) => some.map(({ name, outcome }) => `${name}: ${outcome}`);
  assert.deepEqual(tell(other), [], "a call works or says in time that the store is unavailable");
  if (meanwhile === "fail") assert.deepEqual(tell(worked), [], "no call works meanwhile");
  if (meanwhile !== "read") return;
  assert.deepEqual(tell(failed.filter(({ writes }) => !writes)), [], "reading goes on");
  assert.ok(failed.length > 0, "not all writing goes on");
}

/** Subscribes; whether what is published now is heard. */
async function listen({ bus }: Partial<Storage>): Promise<() => Promise<boolean>> {
  if (!bus) return async () => true;
  const heard = new Set<string>();
  await bus.subscribe("faults", (payload) => heard.add(payload));
  return async () => {
    const payload = randomUUID();
    await bus.publish("faults", payload);
    await pause(50);
    return heard.has(payload);
  };
}

/** Append to one session of their own, one message after the other, for as long as they are let. */
class Writers {
  readonly #sessions: Storage["sessions"] | undefined;
  readonly #key: { readonly owner: string; readonly id: string };
  readonly #stored: string[] = [];
  readonly #work: Promise<void>[] = [];
  #running = true;

  constructor({ sessions }: Partial<Storage>, id: string) {
    this.#sessions = sessions;
    this.#key = { owner: "writers", id: `${id} ${randomUUID()}` };
    if (sessions) this.#work = times(3, () => this.#write(sessions));
  }

  /** Waits for so many more to be acknowledged. */
  async store(count: number, ms: number): Promise<void> {
    const enough = this.#stored.length + count;
    await until("writers write", ms, async () => !this.#sessions || this.#stored.length >= enough);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#work);
  }

  /** How many were acknowledged. */
  async check(forgets: boolean): Promise<number> {
    const messages = (await this.#sessions?.messages(this.#key, { limit: 1_000_000 })) ?? [];
    const ids = new Set(messages.map(({ id }) => id));
    assert.equal(ids.size, messages.length, "none is there twice");
    const lost = this.#stored.filter((id) => !ids.has(id));
    if (!forgets) assert.deepEqual(lost, [], "none that was acknowledged is lost");
    const session = await this.#sessions?.get(this.#key);
    assert.equal(session?.messageCount ?? 0, messages.length, "the session counts what is there");
    return this.#stored.length;
  }

  async #write(sessions: Storage["sessions"]): Promise<void> {
    while (this.#running) {
      const id = randomUUID();
      const outcome = await outcomeOf(() =>
        sessions.open(this.#key, { append: [said(id)], window: { last: 1, maxCharacters: 100 } }),
      );
      if (outcome === "done") this.#stored.push(id);
      else assert.equal(outcome, "store_unavailable", "how a writer fails");
      await pause(5);
    }
  }
}

async function until(what: string, ms: number, condition: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + ms; ;) {
    if (await condition().catch(() => false)) return;
    assert.ok(performance.now() < end, `${what} within ${ms} ms`);
    await pause(10);
  }
}
