import type {
  BackendEvent,
  Claim,
  Part,
  ProviderMeta,
  SessionKey,
  TurnEvent,
  TurnOutcome,
  Usage,
  FinishReason,
} from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { Answer } from "./answer.ts";
import { failureOf } from "./failure-of.ts";
import type { Model } from "./models.ts";
import { pageOf, pastTheEnd, startingAfter, tell } from "./replay.ts";
import type { LogWriter, TurnLog } from "./turn-log.ts";
import type { Reader, Reply, Turn } from "./types.ts";

type ToolResult = Extract<Part, { type: "tool-result" }>;
/** What readers get of what comes. */
type Said = Exclude<BackendEvent, { type: "usage" | "finish" }> | ToolResult;

export interface LiveTurnInit {
  readonly id: string;
  readonly key: SessionKey;
  readonly stored: boolean;
  readonly message: string;
  readonly uses: Model;
  readonly createdAt: string;
  /** Whose limits it takes. */
  readonly limitKey: string;
  readonly log: TurnLog;
  readonly now: number;
}

/** A turn that runs in this process. It is the engine's; readers subscribe to it and may leave without stopping it. */
export class LiveTurn implements Turn, LogWriter {
  readonly id: string;
  readonly key: SessionKey;
  readonly stored: boolean;
  readonly message: string;
  /** Its model, whatever is swapped meanwhile. */
  readonly uses: Model;
  readonly createdAt: string;
  readonly limitKey: string;
  readonly log: TurnLog;
  readonly answer: Answer = new Answer();
  /** Present from the claim on. */
  claim: Claim | undefined;
  usage: Usage | undefined;
  finishReason: FinishReason | undefined;
  /** What came with the last finish, for the message. */
  meta: ProviderMeta | undefined;
  /** Why it was aborted: a stop, a failure, or nothing but usage that never came. */
  cause: { readonly status: TurnOutcome["status"]; readonly error?: ChatError } | undefined;
  /** A reader on another node follows it. */
  attendedElsewhere = false;
  /** Monotonic: the last read from the backend, and the last time anybody listened. */
  heardAt: number;
  attendedAt: number;
  /** A read came since the pulse last looked. */
  heard = false;
  firstEventAt: number | undefined;
  /** Nothing has come of the call that runs now. */
  silent = true;
  generatingSince: number | undefined;
  /** Told of the abort, as the signal's listeners are. */
  onAbort: (() => void) | undefined;
  outcome: TurnOutcome | undefined;
  /** Tokens that the messages of its prompts may have; undefined: not counted yet. */
  room: number | undefined;
  /** How many earlier messages did not fit its prompt. */
  leftOut = 0;
  /** Its end is being decided: its lease no longer matters. */
  ending = false;
  /** Resolves when the turn is over and its readers know; never rejects. */
  readonly done: Promise<void>;

  readonly #abort = new AbortController();
  readonly #events: TurnEvent[] = [];
  #readers: readonly Reader[] = [];
  #calls: Set<string> | undefined;
  #offset = 0;
  #texts = 0;
  #over: ChatError | "ended" | undefined;
  #finish: () => void = () => {};
  #onLogged: (() => void) | undefined;

  constructor(init: LiveTurnInit) {
    this.id = init.id;
    this.key = init.key;
    this.stored = init.stored;
    this.message = init.message;
    this.uses = init.uses;
    this.createdAt = init.createdAt;
    this.limitKey = init.limitKey;
    this.log = init.log;
    this.heardAt = init.now;
    this.attendedAt = init.now;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get model(): string {
    return this.uses.tag;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** As its signal says, which is dear to ask for every token. */
  get aborted(): boolean {
    return this.cause !== undefined || this.failure !== undefined;
  }

  /** Its readers know how it ended, or that this process cannot say. */
  get over(): boolean {
    return this.#over !== undefined;
  }

  get attended(): boolean {
    return this.#readers.length > 0 || this.attendedElsewhere;
  }

  /** Ends generation now; the first cause counts. */
  abort(cause: NonNullable<LiveTurn["cause"]>): void {
    if (this.cause || this.#over) return;
    this.cause = cause;
    this.#abort.abort(cause.error);
    this.onAbort?.();
  }

  async stop(): Promise<void> {
    this.abort({ status: "interrupted" });
    await this.done;
  }

  /** What comes now is another call's. */
  askAgain(): void {
    this.usage = undefined;
    this.finishReason = undefined;
    this.silent = true;
  }

  /** Takes one read of the backend, or what a tool gave: into the answer, and to the log, which gives it to the readers. */
  take(batch: readonly (BackendEvent | ToolResult)[]): void {
    const events: TurnEvent[] = [];
    for (const event of batch) {
      if (event.type === "usage") this.usage = event.usage;
      else if (event.type === "finish") {
        this.finishReason = event.reason;
        this.meta = event.meta;
      } else {
        const said = this.#place(event);
        this.answer.add(said);
        events.push(said);
      }
    }
    if (events.length > 0) this.log.write(this, events);
  }

  #place(event: Said): TurnEvent {
    const offset = (this.#offset += 1);
    if (event.type === "tool-call") return { ...event, id: this.#unique(event.id), offset };
    if (event.type !== "text") return { ...event, offset };
    const { text, meta } = event;
    const index = this.#texts++;
    return meta ? { type: "text", text, offset, index, meta } : { type: "text", text, offset, index };
  }

  /** Some services number the calls of each answer anew; results have to find theirs. */
  #unique(call: string): string {
    const calls = (this.#calls ??= new Set());
    let id = call;
    for (let copy = 2; calls.has(id); copy += 1) id = `${call}-${copy}`;
    calls.add(id);
    return id;
  }

  /** Everything taken is in the log, or the turn is over. */
  get isLogged(): boolean {
    return this.#events.length >= this.#offset || this.over;
  }

  /** Resolves when `isLogged`. */
  async logged(): Promise<void> {
    while (!this.isLogged) {
      await new Promise<void>((resolve) => {
        this.#onLogged = resolve;
      });
    }
  }

  /** These are in the log: readers may have them. */
  deliver(events: readonly TurnEvent[]): void {
    if (this.over) return;
    this.#give(events);
    this.#tellLogged();
  }

  /** The terminal event is in the log. */
  end(outcome: TurnOutcome): void {
    this.outcome = outcome;
    this.#over = "ended";
    this.#give([{ type: "end", offset: this.#offset + 1, ...outcome }]);
    this.#readers = [];
    this.#finish();
  }

  /** This process can no longer say how the turn ends. */
  abandon(error: ChatError): void {
    if (this.#over) return;
    this.#over = error;
    this.#abort.abort();
    this.onAbort?.();
    this.#tellLogged();
    const readers = this.#readers;
    this.#readers = [];
    for (const reader of readers) tell(reader, error);
    this.#finish();
  }

  /** Why this process cannot say how it ended. */
  get failure(): ChatError | undefined {
    return this.#over === "ended" ? undefined : this.#over;
  }

  subscribe(after: number, reader: Reader): () => void {
    // Offsets have no gaps and start at 1, so the event after an offset has it as its index.
    for (let from = after; from < this.#events.length;) {
      const page = pageOf(this.#events, from);
      if (reader.onBatch(page) === false) return () => {};
      from += page.length;
    }
    const listener = after > this.#events.length ? startingAfter(after, reader) : reader;
    if (this.#over === undefined) this.#readers = [...this.#readers, listener];
    else if (this.#over !== "ended") tell(reader, this.#over);
    else if (after >= this.#events.length) pastTheEnd(after, this.#events.length, reader);
    return () => this.#leave(listener);
  }

  async at(offset: number): Promise<TurnEvent | undefined> {
    return this.#events[offset - 1];
  }

  async reply(): Promise<Reply> {
    const unsubscribe = this.subscribe(this.#events.length, { onBatch: () => {} });
    await this.done;
    unsubscribe();
    if (this.outcome === undefined) throw this.#over;
    return toReply(this, this.answer, this.outcome);
  }

  #give(events: readonly TurnEvent[]): void {
    for (const event of events) this.#events.push(event);
    // Whoever subscribes or leaves makes a new list: who comes while this batch goes round has had it in its replay.
    for (const reader of this.#readers) this.#hand(reader, events);
  }

  #hand(reader: Reader, events: readonly TurnEvent[]): void {
    try {
      if (reader.onBatch(events) === false) this.#leave(reader);
    } catch {
      // A reader that throws has only itself to blame: the turn and the other readers go on.
      this.#leave(reader);
    }
  }

  #tellLogged(): void {
    this.#onLogged?.();
    this.#onLogged = undefined;
  }

  #leave(reader: Reader): void {
    const at = this.#readers.indexOf(reader);
    if (at >= 0) this.#readers = this.#readers.toSpliced(at, 1);
  }
}

/** Throws the error of a turn that failed, or that something other than its user interrupted. */
export function toReply(turn: Turn, answer: Answer, outcome: TurnOutcome): Reply {
  const failure = failureOf(outcome);
  if (failure) throw failure;
  return {
    turn: turn.id,
    message: turn.message,
    ...(turn.stored && { session: turn.key.id }),
    text: answer.text,
    reasoning: answer.reasoning,
    parts: answer.parts,
    model: turn.model,
    createdAt: turn.createdAt,
    outcome,
  };
}
