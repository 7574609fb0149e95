import { ChatError, type BackendEvent, type FinishReason, type Usage } from "@parlor/core";
import { causeIn, type EventReader } from "@parlor/wire";
import { createParser } from "eventsource-parser";
import { ReasoningDetails, toFinishReason, toUsage, type Choice, type Chunk, type Delta } from "./chunk.ts";
import { fromBaseResp, fromInBand } from "./errors.ts";
import type { KeptDetails } from "./kept-details.ts";
import { PlainDelta } from "./plain-delta.ts";
import { ThinkTags } from "./think-tags.ts";
import { ToolCalls } from "./tool-calls.ts";

/** One event of the stream is at most this long, in characters. */
const maxEvent = 1_048_576;

/** Each line with an unknown field costs an Error; a real stream has none. */
const maxStrange = 1000;

/** Text grows while the read goes on that brought it. */
interface Growing {
  readonly type: "text" | "reasoning";
  text: string;
}

/** Turns the text of a Chat Completions stream into events. */
export class Events implements EventReader {
  done = false;
  failure: ChatError | undefined;

  readonly #name: string;
  readonly #coalesce: boolean;
  readonly #kept: KeptDetails | undefined;
  readonly #plain: Pick<PlainDelta, "match" | "learn">;
  readonly #calls = new ToolCalls();
  readonly #details = new ReasoningDetails();
  readonly #content = new ThinkTags((type, text) => this.#say(type, text));
  readonly #parser = createParser({
    maxBufferSize: maxEvent,
    onEvent: ({ event, data }) => this.#onEvent(event, data),
    onError: ({ type, field, value }) => {
      if (type === "max-buffer-size-exceeded") throw this.#invalid("sent an event above 1 MB");
      // llama-server's way: a field of this name in place of an event.
      if (field === "error") this.#fail(value ?? "");
      if (++this.#strange > maxStrange) throw this.#invalid("sent something that is no event stream");
    },
  });
  #strange = 0;
  #refused = false;
  #batch: BackendEvent[] = [];
  #last: Growing | undefined;
  #finish: FinishReason | undefined;
  #usage: Usage | undefined;

  /** `kept`: what has to go back word for word. `plain`: the short way for chunks that say one thing. */
  constructor(
    name: string,
    coalesce: boolean,
    kept?: KeptDetails,
    plain: Pick<PlainDelta, "match" | "learn"> = new PlainDelta(),
  ) {
    this.#kept = kept;
    this.#name = name;
    this.#coalesce = coalesce;
    this.#plain = plain;
  }

  /** The events of what one read brought. */
  feed(text: string): BackendEvent[] {
    return this.#collect(() => this.#parser.feed(text));
  }

  /** The body ended, well or (`cause`) not: the last events, and a failure if the model had not said that it is done. */
  end(cause?: unknown): BackendEvent[] {
    return this.#collect(() => {
      // A last record may lack its blank line; half a record says nothing.
      if (this.#finish === undefined) this.#tryFeed("\n\n");
      this.done = true;
    }, cause);
  }

  /** An answer that came in one piece. */
  whole(text: string): BackendEvent[] {
    return this.#collect(() => {
      const { choices, ...rest } = JSON.parse(text) as Chunk;
      this.#onChunk({
        ...rest,
        choices: choices?.map((choice) => ({ ...choice, delta: choice.message ?? null })) ?? [],
      });
      if (this.#finish === undefined) throw this.#invalid("answered JSON that is no completion");
      this.done = true;
    });
  }

  #collect(work: () => void, cause?: unknown): BackendEvent[] {
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
    if (this.#finish === undefined) {
      throw new ChatError("upstream_truncated", `${this.#name} stopped before its answer was done.`, {
        cause: causeIn(cause),
      });
    }
    if (this.#usage) this.#batch.push({ type: "usage", usage: this.#usage });
  }

  #toFailure(error: unknown): ChatError {
    if (ChatError.isInstance(error)) return error;
    // A SyntaxError quotes what it could not read.
    const cause = error instanceof SyntaxError ? undefined : error;
    return new ChatError("upstream_invalid", `${this.#name} sent something that makes no sense.`, { cause });
  }

  #tryFeed(text: string): void {
    try {
      this.#parser.feed(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }

  #onEvent(event: string | undefined, data: string): void {
    if (this.done) return;
    if (data.length > maxEvent) throw this.#invalid("sent an event above 1 MB");
    if (data.startsWith("[DONE]")) this.done = true;
    else if (event === "error") this.#fail(data);
    else if (this.#finish !== undefined || !this.#onPlain(data)) {
      const chunk = JSON.parse(data) as Chunk;
      this.#onChunk(chunk);
      this.#plain.learn(data, chunk);
    }
  }

  #onPlain(data: string): boolean {
    const plain = this.#plain.match(data);
    if (plain === undefined) return false;
    if (plain.text === "") return true;
    if (plain.field === "content") this.#content.push(plain.text);
    else this.#say("reasoning", plain.text);
    return true;
  }

  #onChunk(chunk: Chunk): void {
    const { choices, error, base_resp, x_groq } = chunk;
    const failed = error ?? x_groq?.error;
    if (failed) throw fromInBand(this.#name, failed);
    if (base_resp?.status_code) throw fromBaseResp(this.#name, base_resp.status_code);
    const usage = chunk.usage ?? x_groq?.usage;
    if (usage) this.#usage = toUsage(usage, chunk.timings) ?? this.#usage;
    // After the reason to finish nothing counts but the usage; once that came there is nothing to wait for.
    if (this.#finish !== undefined) this.done ||= usage !== undefined && usage !== null;
    else for (const choice of choices ?? []) if ((choice.index ?? 0) === 0) this.#onChoice(choice);
  }

  #onChoice(choice: Choice): void {
    if (choice.delta) this.#onDelta(choice.delta);
    if (!choice.finish_reason) return;
    this.#content.end();
    const thoughts = this.#kept?.event(this.#calls.size > 0);
    if (thoughts) this.#batch.push(thoughts);
    this.#batch.push(...this.#calls.events());
    const reason = toFinishReason(choice.finish_reason, this.#calls.size > 0);
    // OpenAI says `stop` after a refusal, which is no answer.
    this.#finish = this.#refused && reason === "stop" ? "content-filter" : reason;
    this.#batch.push({ type: "finish", reason: this.#finish });
  }

  #onDelta(delta: Delta): void {
    const { content, reasoning_details: details, tool_calls: calls } = delta;
    if (details) this.#kept?.add(details);
    const reasoning = delta.reasoning_content || delta.reasoning;
    if (reasoning) this.#say("reasoning", this.#text(reasoning));
    else if (details) {
      const text = this.#details.next(details);
      if (text !== "") this.#say("reasoning", text);
    }
    if (delta.refusal) this.#refused = true;
    const said = content || delta.refusal;
    if (said) this.#content.push(this.#text(said));
    if (calls) for (const [position, call] of calls.entries()) this.#calls.add(call, position);
  }

  #say(type: "text" | "reasoning", text: string): void {
    const last = this.#last;
    if (last?.type === type && this.#coalesce) last.text += text;
    else this.#batch.push((this.#last = { type, text }));
  }

  #text(value: string): string {
    if (typeof value !== "string") throw this.#invalid("sent content that is not text");
    return value;
  }

  #fail(data: string): never {
    let told: unknown = data;
    try {
      told = JSON.parse(data);
    } catch {
      // A sentence, then.
    }
    const error = typeof told === "object" && told !== null && "error" in told ? told.error : told;
    throw fromInBand(this.#name, error);
  }

  #invalid(what: string): ChatError {
    return new ChatError("upstream_invalid", `${this.#name} ${what}.`);
  }
}
