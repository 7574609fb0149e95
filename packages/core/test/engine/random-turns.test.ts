import fc from "fast-check";
import { expect, test } from "vitest";
import { ChatError, type ChatEngine, type Turn, type TurnEvent, type TurnInput } from "../../src/index.ts";
import { says, type Step } from "../../src/testing/index.ts";
import { pass, settle, textOf, world } from "./harness.ts";

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("send" as const), session: fc.nat(2), node: fc.nat(1), key: fc.nat(9) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("regenerate" as const), session: fc.nat(2), node: fc.nat(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("edit" as const),
      session: fc.nat(2),
      node: fc.nat(1),
      which: fc.nat(5),
      target: fc.constantFrom("message" as const, "answer" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stop" as const), session: fc.nat(2), node: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      node: fc.nat(1),
      which: fc.nat(50),
      after: fc.nat(4),
      leave: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.constantFrom(0, 50, 300, 1_100, 3_300) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("go" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("clear" as const, "delete" as const),
      session: fc.nat(2),
      node: fc.nat(1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("erase" as const), node: fc.nat(1) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

interface Transcript {
  readonly turn: string;
  readonly after: number;
  readonly events: TurnEvent[];
  /** It left, or everything there is has come. */
  left: boolean;
  done: boolean;
  failure?: ChatError;
}

/** One random history of two nodes on one storage, with everything that was seen of it. */
class Run {
  readonly gates: PromiseWithResolvers<void>[] = [];
  readonly turns = new Map<string, Turn>();
  readonly transcripts: Transcript[] = [];
  readonly refusals: ChatError[] = [];
  readonly pending = new Set<Promise<unknown>>();
  /** Something was: logs may be gone while they are read. */
  erased = false;
  readonly world = world((_, call) => this.#script(call), { detachedMs: Infinity, limits: { concurrentTurns: 100 } });
  readonly nodes: readonly ChatEngine[];
  #texts = 0;

  constructor(nodes: 1 | 2) {
    this.nodes = [this.world.engine, nodes === 1 ? this.world.engine : this.world.node().engine];
  }

  async do(op: Operation): Promise<void> {
    if (op.kind === "time") return pass(this.world.clock, op.ms);
    if (op.kind === "go") return void this.gates.shift()?.resolve();
    const engine = this.nodes[op.node] as ChatEngine;
    if (op.kind === "read") {
      const known = [...this.turns.values()];
      const turn = known[op.which % known.length];
      if (turn) this.#track(engine.turn(turn.key, turn.id).then((found) => this.#read(found, op.after, op.leave)));
      return;
    }
    this.erased ||= op.kind === "erase" || op.kind === "delete";
    if (op.kind === "erase") return this.#track(engine.sessions.deleteOwner("ada"));
    const session = `s${op.session}`;
    if (op.kind === "stop") return this.#track(engine.stop({ owner: "ada", id: session }));
    if (op.kind === "clear" || op.kind === "delete") {
      return this.#track(engine.sessions[op.kind]({ owner: "ada", id: session }));
    }
    if (op.kind === "edit") return this.#track(this.#replace(engine, session, op));
    const input =
      op.kind === "send"
        ? { message: `message ${op.key}`, ...(op.key < 4 && { idempotencyKey: `${session}/${op.key}` }) }
        : { regenerate: true };
    this.#track(this.#start(engine, session, input));
  }

  async #start(engine: ChatEngine, session: string, input: Partial<TurnInput>): Promise<void> {
    const turn = await engine.start({ owner: "ada", session, ...input });
    this.turns.set(turn.id, turn);
    this.#read(turn, 0, false);
  }

  /** Edits a message of the past, or asks for its answer again. */
  async #replace(engine: ChatEngine, session: string, op: Extract<Operation, { kind: "edit" }>): Promise<void> {
    const history = await engine.sessions.history({ owner: "ada", id: session });
    const said = history?.messages.filter(({ role }) => role === "user") ?? [];
    const message = said[op.which % said.length];
    if (!message) return;
    if (op.target === "answer") await this.#start(engine, session, { regenerate: { message: message.id } });
    else await this.#start(engine, session, { message: `instead of ${message.seq}`, editOf: message.id });
  }

  /** Lets every turn run to its end. */
  async finish(): Promise<void> {
    for (let round = 0; round < 5_000 && (this.pending.size > 0 || this.#open() > 0); round += 1) {
      for (const gate of this.gates.splice(0)) gate.resolve();
      await pass(this.world.clock, 500);
    }
    expect(this.pending.size).toBe(0);
    expect(this.#open()).toBe(0);
  }

  #open(): number {
    return this.transcripts.filter(({ left, done, failure }) => !left && !done && !failure).length;
  }

  #track(work: Promise<unknown>): void {
    const settled = work
      .catch((error: ChatError) => this.refusals.push(error))
      .finally(() => this.pending.delete(settled));
    this.pending.add(settled);
  }

  #read(turn: Turn, after: number, leave: boolean): void {
    const transcript: Transcript = { turn: turn.id, after, events: [], left: false, done: false };
    this.transcripts.push(transcript);
    turn.subscribe(after, {
      onBatch: (events) => {
        transcript.events.push(...events);
        transcript.done = events.length === 0 || events.at(-1)?.type === "end";
        transcript.left ||= leave && transcript.events.length > 1;
        return !transcript.left;
      },
      onError: (error) => {
        transcript.failure = error;
      },
    });
  }

  /** Eight ways a call can go. */
  #script(call: number): readonly Step[] {
    const gate = Promise.withResolvers<void>();
    this.gates.push(gate);
    const wait: Step = { wait: gate.promise };
    const text = (value: string): Step => ({ type: "text", text: `${this.#texts++}${value} ` });
    const ways: readonly (readonly Step[])[] = [
      says("all at once"),
      [text("a"), wait, text("b"), ...says(" end")],
      [wait, ...says("slow")],
      [text("cut")],
      [text("fail"), { fail: new ChatError("backend_unavailable", "gone") }],
      [{ type: "reasoning", text: "hm" }, text("think"), wait, ...says(" done")],
      [wait, { fail: new Error("late") }],
      [
        [
          { type: "text", text: "x" },
          { type: "text", text: " burst" },
        ],
        ...says("!", "length"),
      ],
    ];
    return ways[(call * 5 + this.#texts) % ways.length] as readonly Step[];
  }
}

async function check(run: Run): Promise<void> {
  const expected = new Set([
    "session_not_found",
    "nothing_to_regenerate",
    "message_not_found",
    "turn_in_progress",
    "turn_stopped",
    "idempotency_mismatch",
    "not_found",
  ]);
  for (const error of run.refusals) expect(expected).toContain(error.code);

  // Every reader saw a gapless piece of one log, ended by one end; all readers of a turn saw the same.
  const logs = new Map<string, TurnEvent[]>();
  for (const { turn, after, events } of run.transcripts) {
    expect(events.map((event) => event.offset)).toEqual(events.map((_, index) => after + 1 + index));
    if (after === 0 && events.length >= (logs.get(turn)?.length ?? 0)) logs.set(turn, events);
  }
  for (const { turn, after, events, left, failure } of run.transcripts) {
    const log = logs.get(turn) ?? [];
    expect(log.filter((event) => event.type === "end")).toEqual(log.slice(-1));
    expect(events).toEqual(left || failure ? log.slice(after, after + events.length) : log.slice(after));
    // A stream that was erased, or an offset that never was, is said to be gone.
    const gone = run.erased || after > log.length;
    if (failure) expect([failure.code, gone]).toEqual(["cursor_expired", true]);
  }

  for (const session of ["s0", "s1", "s2"]) {
    const history = await run.world.engine.sessions.history(
      { owner: "ada", id: session },
      { limit: 1_000, superseded: true },
    );
    const messages = history?.messages ?? [];
    expect(messages.filter((message) => message.status === "streaming")).toEqual([]);
    // The stored answer is what was streamed, byte for byte; each turn's messages stand together, in order.
    for (const message of messages) {
      if (message.role !== "assistant") continue;
      const stored = message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      expect(stored).toBe(textOf(logs.get(message.turn ?? "") ?? []));
    }
    const order = messages.map((message) => message.turn);
    expect(order.filter((turn, index) => turn !== order[index - 1])).toHaveLength(new Set(order).size);
    const counted = messages.filter((message) => message.status !== "superseded");
    expect(history?.session.messageCount ?? 0).toBe(counted.length);
    expect(history?.session.turnCount ?? 0).toBe(counted.filter((message) => message.role === "user").length);
  }
  expect(await run.world.storage.turns.expired(10)).toEqual([]);
  expect(await run.world.engine.health()).toMatchObject({ liveTurns: 0 });
}

/** Each operation, and whether the next one comes in the same moment. */
const plan = fc.array(fc.tuple(operation, fc.boolean()), { minLength: 10, maxLength: 40 });

test(
  "500 random turns on one node and on two: nothing lost, doubled, torn or left open",
  { timeout: 120_000 },
  async () => {
    let turns = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(1 as const, 2 as const), plan, async (nodes, steps) => {
        const run = new Run(nodes);
        for (const [op, together] of steps) {
          await run.do(op);
          if (!together) await settle();
        }
        await run.finish();
        await check(run);
        turns += run.turns.size;
      }),
      { numRuns: 130 },
    );
    expect(turns).toBeGreaterThan(500);
  },
);
