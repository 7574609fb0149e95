import type { FinishReason } from "@parlor/core";
import { StreamReader } from "@parlor/wire";
import { ReasoningDetails, toFinishReason, toUsage, type Choice, type Chunk, type Delta } from "./chunk.ts";
import { fromBaseResp, fromInBand } from "./errors.ts";
import type { KeptDetails } from "./kept-details.ts";
import { PlainDelta } from "./plain-delta.ts";
import { ThinkTags } from "./think-tags.ts";
import { ToolCalls } from "./tool-calls.ts";

/** Turns the text of a Chat Completions stream into events. */
export class Events extends StreamReader {
  readonly #kept: KeptDetails | undefined;
  readonly #plain: Pick<PlainDelta, "match" | "learn">;
  readonly #calls = new ToolCalls();
  readonly #details = new ReasoningDetails();
  readonly #content = new ThinkTags((type, text) => this.say(type, text));
  #refused = false;

  /** `kept`: what has to go back word for word. `plain`: the short way for chunks that say one thing. */
  constructor(
    name: string,
    coalesce: boolean,
    kept?: KeptDetails,
    plain: Pick<PlainDelta, "match" | "learn"> = new PlainDelta(),
  ) {
    super(name, coalesce);
    this.#kept = kept;
    this.#plain = plain;
  }

  protected override onEvent(event: string | undefined, data: string): void {
    if (data.startsWith("[DONE]")) this.done = true;
    else if (event === "error") this.#fail(data);
    else if (this.finished || !this.#onPlain(data)) {
      const chunk = JSON.parse(data) as Chunk;
      this.#onChunk(chunk);
      this.#plain.learn(data, chunk);
    }
  }

  /** llama-server's way: a field of this name in place of an event. */
  protected override onStrange(field: string | undefined, value = ""): void {
    if (field === "error") this.#fail(value);
  }

  protected override onWhole({ choices, ...rest }: Chunk): void {
    this.#onChunk({
      ...rest,
      choices: choices?.map((choice) => ({ ...choice, delta: choice.message ?? null })) ?? [],
    });
  }

  #onPlain(data: string): boolean {
    const plain = this.#plain.match(data);
    if (plain === undefined) return false;
    if (plain.text === "") return true;
    if (plain.field === "content") this.#content.push(plain.text);
    else this.say("reasoning", plain.text);
    return true;
  }

  #onChunk(chunk: Chunk): void {
    const { choices, error, base_resp, x_groq } = chunk;
    const failed = error ?? x_groq?.error;
    if (failed) throw fromInBand(this.name, failed);
    if (base_resp?.status_code) throw fromBaseResp(this.name, base_resp.status_code);
    const usage = chunk.usage ?? x_groq?.usage;
    if (usage) this.usage = toUsage(usage, chunk.timings) ?? this.usage;
    // After the reason to finish nothing counts but the usage; once that came there is nothing to wait for.
    if (this.finished) this.done ||= usage !== undefined && usage !== null;
    else for (const choice of choices ?? []) if ((choice.index ?? 0) === 0) this.#onChoice(choice);
  }

  #onChoice(choice: Choice): void {
    if (choice.delta) this.#onDelta(choice.delta);
    if (!choice.finish_reason) return;
    this.#content.end();
    const thoughts = this.#kept?.event(this.#calls.size > 0);
    if (thoughts) this.give(thoughts);
    for (const call of this.#calls.events()) this.give(call);
    this.finish(this.#reasonOf(choice.finish_reason));
  }

  /** OpenAI says `stop` after a refusal, which is no answer. */
  #reasonOf(told: string): FinishReason {
    const reason = toFinishReason(told, this.#calls.size > 0);
    return this.#refused && reason === "stop" ? "content-filter" : reason;
  }

  #onDelta(delta: Delta): void {
    const { content, reasoning_details: details, tool_calls: calls } = delta;
    if (details) this.#kept?.add(details);
    const reasoning = delta.reasoning_content || delta.reasoning;
    if (reasoning) this.say("reasoning", this.#text(reasoning));
    else if (details) {
      const text = this.#details.next(details);
      if (text !== "") this.say("reasoning", text);
    }
    if (delta.refusal) this.#refused = true;
    const said = content || delta.refusal;
    if (said) this.#content.push(this.#text(said));
    if (calls) for (const [position, call] of calls.entries()) this.#calls.add(call, position);
  }

  #text(value: string): string {
    if (typeof value !== "string") throw this.invalid("sent content that is not text");
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
    throw fromInBand(this.name, error);
  }
}
