import { ChatError, type BackendEvent, type FinishReason, type ProviderMeta, type Usage } from "@parlor/core";
import { createParser, type EventSourceParser } from "eventsource-parser";
import type { EventReader } from "./stream-answer.ts";
import { causeIn } from "./transport.ts";

/** One event of most streams is at most this long, in characters. */
const maxEvent = 1_048_576;
/** Each line with an unknown field costs an Error; a real stream has none. */
const maxStrange = 1000;

/** Text grows while the read goes on that brought it. */
interface Growing {
  readonly type: "text" | "reasoning";
  text: string;
  meta?: ProviderMeta;
}

/**
 * What the readers of event streams have in common: bounds, one event for all the text of a read, usage after the finish, and
 * a stream that ends before the model said that it is done. A service's own reader says what its events mean.
 */
export abstract class StreamReader implements EventReader {
  done = false;
  failure: ChatError | undefined;

  protected readonly name: string;
  /** Given once, after the finish. */
  protected usage: Usage | undefined;
  readonly #coalesce: boolean;
  readonly #parser: EventSourceParser;
  #strange = 0;
  #batch: BackendEvent[] = [];
  #last: Growing | undefined;
  #finished = false;

  /**
   * `name`: the service, for sentences. `coalesce`: whether all the text of one read is one event. `longest`: characters that an
   * event may have.
   */
  constructor(name: string, coalesce: boolean, longest = maxEvent) {
    this.name = name;
    this.#coalesce = coalesce;
    const tooLong = (): ChatError => this.invalid(`sent an event above ${longest / 1_048_576} MB`);
    this.#parser = createParser({
      maxBufferSize: longest,
      onEvent: ({ event, data }) => {
        if (this.done) return;
        if (data.length > longest) throw tooLong();
        this.onEvent(event, data);
      },
      onError: ({ type, field, value }) => {
        if (type === "max-buffer-size-exceeded") throw tooLong();
        this.onStrange(field, value);
        if (++this.#strange > maxStrange) throw this.invalid("sent something that is no event stream");
      },
    });
  }

  /** One event of the stream. May throw a ChatError, or a SyntaxError for what is no JSON. */
  protected abstract onEvent(event: string | undefined, data: string): void;
  /** An answer that came as JSON, in one piece; unless it finishes, it is no answer. */
  protected abstract onWhole(answer: unknown): void;

  /** A line with a field that event streams do not have. May throw a ChatError. */
  protected onStrange(_field: string | undefined, _value: string | undefined): void {}

  feed(text: string): readonly BackendEvent[] {
    return this.#collect(() => this.#parser.feed(text));
  }

  end(cause?: unknown): readonly BackendEvent[] {
    return this.#collect(() => {
      // A last record may lack its blank line; half a record says nothing.
      if (!this.#finished) this.#tryFeed("\n\n");
      this.done = true;
    }, cause);
  }

  whole(text: string): readonly BackendEvent[] {
    return this.#collect(() => {
      this.onWhole(JSON.parse(text));
      if (!this.#finished) throw this.invalid("answered JSON that is no answer");
      this.done = true;
    });
  }

  /** Whether the model has said that it is done. */
  protected get finished(): boolean {
    return this.#finished;
  }

  /** What has `meta` is closed with it: nothing is added to its event any more. */
  protected say(type: "text" | "reasoning", text: string, meta?: ProviderMeta): void {
    let last = this.#last;
    if (last?.type === type && this.#coalesce) last.text += text;
    else this.#batch.push((this.#last = last = { type, text }));
    if (meta === undefined) return;
    last.meta = meta;
    this.#last = undefined;
  }

  /** What the provider must get back with the text or the thought that ends here; what is said next is another one. */
  protected mark(type: "text" | "reasoning", meta: ProviderMeta): void {
    if (this.#last?.type === type) this.#last.meta = meta;
    else this.#batch.push({ type, text: "", meta });
    this.#last = undefined;
  }

  protected give(event: BackendEvent): void {
    this.#batch.push(event);
    this.#last = undefined;
  }

  protected finish(reason: FinishReason): void {
    this.#finished = true;
    this.give({ type: "finish", reason });
  }

  protected invalid(what: string): ChatError {
    return new ChatError("upstream_invalid", `${this.name} ${what}.`);
  }

  #collect(work: () => void, cause?: unknown): readonly BackendEvent[] {
    this.#batch = [];
    this.#last = undefined;
    try {
      work();
      if (this.done) this.#conclude(cause);
    } catch (error) {
      this.done = true;
      this.failure = this.#toFailure(error);
    }
    return this.#batch;
  }

  #conclude(cause: unknown): void {
    if (!this.#finished) {
      throw new ChatError("upstream_truncated", `${this.name} stopped before its answer was done.`, {
        cause: causeIn(cause),
      });
    }
    if (this.usage) this.#batch.push({ type: "usage", usage: this.usage });
  }

  #toFailure(error: unknown): ChatError {
    if (ChatError.isInstance(error)) return error;
    // A SyntaxError quotes what it could not read.
    const cause = error instanceof SyntaxError ? undefined : error;
    return new ChatError("upstream_invalid", `${this.name} sent something that makes no sense.`, { cause });
  }

  #tryFeed(text: string): void {
    try {
      this.#parser.feed(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}
