import { ChatError, type BackendEvent, type ProviderMeta } from "@parlor/core";
import { StreamReader } from "@parlor/wire";
import { fromInBand } from "./errors.ts";
import { malformed, toFinishReason, toUsage, type Candidate, type Chunk, type Part } from "./gemini.ts";

/** Longer than any failure that Google tells, in characters. */
const maxBare = 16_384;

/** Inputs of all tool calls of an answer together, in characters. */
const maxInputs = 4_194_304;

/** Turns a `streamGenerateContent` stream into events. It has no last record: the reason to finish says that all is told. */
export class Events extends StreamReader {
  #calls = 0;
  #inputs = 0;
  /** The last character that was fed. */
  #before = "\n";
  #bare: string | undefined;

  constructor(coalesce: boolean) {
    super("Google", coalesce);
  }

  /** A failure in mid-stream may come as JSON over several lines, without `data:`. No line of an event stream begins as that does. */
  override feed(text: string): readonly BackendEvent[] {
    if (this.#bare === undefined) {
      const start = `${this.#before}${text}`.search(/[\r\n][[{]/);
      this.#before = text.at(-1) ?? this.#before;
      if (start === -1) return super.feed(text);
      const events = super.feed(text.slice(0, start));
      this.#bare = "";
      return [...events, ...this.feed(text.slice(start))];
    }
    const bare = this.#bare + text;
    this.#bare = isJson(bare) || bare.length > maxBare ? undefined : bare;
    return this.#bare === undefined ? super.feed(`data: ${bare.replaceAll(/[\r\n]+/g, " ")}\n\n`) : [];
  }

  protected override onEvent(_: string | undefined, data: string): void {
    this.onWhole(JSON.parse(data));
  }

  /** A chunk; or an array of them, from who does not know `alt=sse`. */
  protected override onWhole(told: unknown): void {
    for (const chunk of Array.isArray(told) ? (told as readonly unknown[]) : [told]) this.#onChunk(chunk as Chunk);
  }

  #onChunk({ candidates, promptFeedback, usageMetadata, error }: Chunk): void {
    if (error) throw fromInBand(error);
    if (usageMetadata) this.usage = toUsage(usageMetadata) ?? this.usage;
    // After the reason to finish nothing counts but the usage; once that came there is nothing to wait for.
    if (!this.finished) {
      for (const candidate of candidates ?? []) if ((candidate.index ?? 0) === 0) this.#onCandidate(candidate);
      if (promptFeedback?.blockReason && !candidates?.length) this.#onBlocked();
    }
    if (this.finished && usageMetadata) this.done = true;
  }

  #onBlocked(): never {
    if (this.usage) this.give({ type: "usage", usage: this.usage });
    throw new ChatError("content_filter", "Google blocked the prompt, and nothing was generated. Rephrase it.");
  }

  #onCandidate({ content, finishReason }: Candidate): void {
    for (const part of content?.parts ?? []) this.#onPart(part);
    if (!finishReason) return;
    if (malformed.has(finishReason)) throw this.invalid("ended the answer at a tool call that makes no sense");
    this.finish(toFinishReason(finishReason, this.#calls > 0));
  }

  #onPart({ text = "", thought, thoughtSignature, functionCall }: Part): void {
    if (functionCall) return this.#onCall(functionCall, thoughtSignature);
    if (typeof text !== "string") throw this.invalid("sent text that is none");
    if (text === "" && !thoughtSignature) return;
    const meta: ProviderMeta | undefined = thoughtSignature
      ? { google: { thoughtSignature, ...(text === "" && { apart: true }) } }
      : undefined;
    this.say(thought ? "reasoning" : "text", text, meta);
  }

  #onCall({ id, name, args = {} }: NonNullable<Part["functionCall"]>, thoughtSignature: string | undefined): void {
    if (typeof name !== "string" || name === "") throw this.invalid("called a tool without naming it");
    this.#calls++;
    this.#inputs += JSON.stringify(args).length + 64;
    if (this.#inputs > maxInputs) {
      throw new ChatError("answer_too_long", "The model's tool calls exceed the size limit.");
    }
    const meta = (id || thoughtSignature) && {
      meta: { google: { ...(id && { id }), ...(thoughtSignature && { thoughtSignature }) } },
    };
    this.give({ type: "tool-call", id: id || `call_${crypto.randomUUID()}`, name, input: args, ...meta });
  }
}

function isJson(text: string): boolean {
  if (!/[\]}]\s*$/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
