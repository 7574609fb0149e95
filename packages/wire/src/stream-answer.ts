import { ChatError, type BackendEvent } from "@parlor/core";
import type { Answer, Reads } from "./answer.ts";
import { readsOf } from "./body.ts";
import type { PassiveHealth } from "./health.ts";
import { retrying } from "./retry.ts";

/** No more is read of an answer that comes in one piece, in characters. */
const maxWhole = 8_388_608;

/** Makes events of an answer's text. None of its methods throws: what goes wrong is its `failure`. */
export interface EventReader {
  /** Nothing more is wanted: the answer is whole, or it failed. */
  readonly done: boolean;
  /** Thrown once the events that came before it have been given. */
  readonly failure: ChatError | undefined;
  /** The events of what one read brought. */
  feed(text: string): readonly BackendEvent[];
  /** The body ended, well or (`cause`) not. Sets `failure` if the model had not said that it is done. */
  end(cause?: unknown): readonly BackendEvent[];
  /** An answer that came as JSON, in one piece. */
  whole(text: string): readonly BackendEvent[];
}

export interface Conversation {
  /** The service, for sentences. */
  readonly name: string;
  /** Sends the request; resolves at the headers of a successful answer. Throws ChatErrors. */
  readonly ask: () => Promise<Answer>;
  readonly events: EventReader;
  readonly retries: number;
  /** The request's. */
  readonly onRetry: ((code: string) => void) | undefined;
  readonly health: PassiveHealth;
}

type Batch = readonly BackendEvent[];
type Next = IteratorResult<Batch, undefined>;

/**
 * One call as `ModelBackend.generate` gives it: asks, tries again until there is an answer, and gives one array per network read.
 * An abort ends it quietly and cuts the connection, as does a reader that leaves.
 */
export function streamAnswer(conversation: Conversation, signal: AbortSignal): AsyncIterable<Batch> {
  return new AnswerStream(conversation, signal);
}

const ended: Next = { done: true, value: undefined };

/** Written by hand: a generator's promises cost as much as all else that is done for a token. */
class AnswerStream implements AsyncIterableIterator<Batch, undefined> {
  readonly #conversation: Conversation;
  readonly #signal: AbortSignal;
  #reads: Reads | undefined;
  /** What has come of an answer in one piece; undefined: it is a stream. */
  #whole: string | undefined;
  #over = false;
  /** As the signal says, which is dear to ask for every token. */
  #aborted = false;

  constructor(conversation: Conversation, signal: AbortSignal) {
    this.#conversation = conversation;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Next> {
    if (this.#over || this.#aborted || this.#conversation.events.done) return this.#conclude();
    return this.#reads ? this.#onward(this.#reads) : this.#begin();
  }

  /** The reader leaves. */
  async return(): Promise<Next> {
    this.#leave();
    return ended;
  }

  async #begin(): Promise<Next> {
    const { name, ask, retries, onRetry, health } = this.#conversation;
    this.#signal.addEventListener("abort", this.#cut);
    // It is told of once only, and that may be over.
    if (this.#signal.aborted) this.#cut();
    if (this.#aborted) return await this.#conclude();
    try {
      const answer = await retrying(ask, { retries, onRetry, signal: this.#signal });
      this.#reads = readsOf(answer.body);
      if (kindOf(answer, name) === "json") this.#whole = "";
    } catch (error) {
      this.#leave();
      if (this.#aborted) return ended;
      health.failed(error);
      throw error;
    }
    // The reader may have left meanwhile.
    if (this.#over) this.#reads.close();
    return await this.#onward(this.#reads);
  }

  #onward(reads: Reads): Promise<Next> {
    return (reads.ready() ?? Promise.resolve()).then(this.#give);
  }

  /** The events of this read; where it has none, of the next. */
  readonly #give = (): Next | Promise<Next> => {
    const batch = this.#over || this.#aborted ? [] : this.#read();
    return batch.length > 0 ? { done: false, value: batch } : this.next();
  };

  /** The end of the body and a broken connection are told apart by what the model had said until then. */
  #read(): Batch {
    const { events } = this.#conversation;
    let text: string | undefined;
    try {
      text = this.#reads?.take();
    } catch (error) {
      return events.end(error);
    }
    if (this.#whole === undefined) return text === undefined ? events.end() : events.feed(text);
    this.#whole += text ?? "";
    return text === undefined || this.#whole.length > maxWhole ? events.whole(this.#whole) : [];
  }

  /** Nothing more comes: says how it went, once. */
  async #conclude(): Promise<Next> {
    const { events, health } = this.#conversation;
    const untold = !this.#over && !this.#aborted;
    this.#leave();
    if (untold && events.failure) {
      health.failed(events.failure);
      throw events.failure;
    }
    if (untold) health.answered();
    return ended;
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal.removeEventListener("abort", this.#cut);
    const { done, failure } = this.#conversation.events;
    if (done && failure === undefined) this.#reads?.release();
    else this.#reads?.close();
  }

  readonly #cut = (): void => {
    this.#aborted = true;
    this.#reads?.close();
  };
}

function kindOf(answer: Answer, name: string): "stream" | "json" {
  const type = answer.headers.get("content-type") ?? "text/event-stream";
  const encoding = answer.headers.get("content-encoding") ?? "identity";
  // A fetch that was brought along decodes by itself; ours asked for plain bytes.
  const plain = encoding === "identity" || (answer.body !== null && "getReader" in answer.body);
  if (plain && /^text\/event-stream\b/i.test(type)) return "stream";
  if (plain && /^application\/json\b/i.test(type)) return "json";
  throw new ChatError("upstream_invalid", `${name} answered neither an event stream nor JSON. Check the base URL.`);
}
