import { ChatError, type FinishReason } from "@parlor/core";
import { StreamReader } from "@parlor/wire";
import { Blocks, type WireBlock } from "./blocks.ts";
import { fromInBand } from "./errors.ts";
import { UsageCount, type WireUsage } from "./usage.ts";

/** An event of the stream, or an answer in one piece, as services send it; everything may be missing. */
interface Record {
  readonly type?: string;
  readonly index?: number;
  readonly message?: { readonly usage?: WireUsage | null } | null;
  readonly content_block?: WireBlock | null;
  readonly delta?: Delta | null;
  readonly usage?: WireUsage | null;
  readonly error?: unknown;
  readonly content?: readonly WireBlock[] | null;
  readonly stop_reason?: string | null;
}

interface Delta {
  readonly type?: string;
  readonly text?: unknown;
  readonly thinking?: unknown;
  readonly signature?: unknown;
  readonly partial_json?: unknown;
  readonly stop_reason?: string | null;
}

const reasons = new Map<string, FinishReason>([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool-calls"],
  ["refusal", "content-filter"],
]);

/** Turns the text of a Messages stream into events. Events and deltas of kinds unknown to it are let pass, as the API asks. */
export class Events extends StreamReader {
  readonly #blocks = new Blocks();
  readonly #count = new UsageCount();
  readonly #seals: boolean;

  /** `seals`: whether thoughts may have to go back, because tools are on offer. */
  constructor(name: string, coalesce: boolean, seals: boolean) {
    super(name, coalesce);
    this.#seals = seals;
  }

  protected override onEvent(event: string | undefined, data: string): void {
    if (event === "ping") return;
    // Of old versions, and of some compatible services.
    if (data.startsWith("[DONE]")) return void (this.done = true);
    const record = JSON.parse(data) as Record;
    const { type = event, index = 0 } = record;
    if (type === "content_block_delta") this.#onDelta(index, record.delta ?? {});
    else if (type === "content_block_start") this.#onStart(index, record.content_block ?? {});
    else if (type === "content_block_stop") this.#onStop(index);
    else if (type === "message_start") this.#count.add(record.message?.usage);
    else if (type === "message_delta") {
      this.#count.add(record.usage);
      if (record.delta?.stop_reason) this.#conclude(record.delta.stop_reason);
    } else if (type === "message_stop") this.#conclude("end_turn");
    else if (type === "error" || event === "error") throw fromInBand(this.name, record.error);
  }

  protected override onWhole(answer: Record): void {
    if (answer.error) throw fromInBand(this.name, answer.error);
    for (const [index, block] of answer.content?.entries() ?? []) {
      this.#onStart(index, block);
      this.#onStop(index);
    }
    this.#count.add(answer.usage);
    if (answer.stop_reason) this.#conclude(answer.stop_reason);
  }

  #onStart(index: number, block: WireBlock): void {
    this.#blocks.start(index, block);
    if (block.type === "text" && block.text) this.say("text", this.#text(block.text));
    else if (block.type === "thinking" && block.thinking) this.say("reasoning", this.#text(block.thinking));
  }

  #onDelta(index: number, delta: Delta): void {
    if (delta.type === "text_delta") this.#say("text", delta.text);
    else if (delta.type === "thinking_delta") this.#say("reasoning", delta.thinking);
    else if (delta.type === "input_json_delta") this.#blocks.add(index, this.#text(delta.partial_json));
    else if (delta.type === "signature_delta") this.#blocks.sign(index, this.#text(delta.signature));
  }

  #onStop(index: number): void {
    const seal = this.#blocks.stop(index);
    if (seal && this.#seals) this.mark("reasoning", seal);
  }

  /** Nothing but `message_stop` comes after the reason to stop. */
  #conclude(reason: string): void {
    if (reason === "pause_turn") throw this.#paused();
    this.#blocks.end();
    for (const call of this.#blocks.calls) this.give(call);
    const meant = reasons.get(reason) ?? "other";
    this.finish(meant === "stop" && this.#blocks.calls.length > 0 ? "tool-calls" : meant);
    this.usage = this.#count.usage;
    this.done = true;
  }

  /**
   * Anthropic's own tools wanted to go on in another request: what came is no whole answer, but it was paid for. Only `extraBody`
   * can ask for such tools.
   */
  #paused(): ChatError {
    const { usage } = this.#count;
    if (usage) this.give({ type: "usage", usage });
    return new ChatError("upstream_truncated", `${this.name} paused its own tools before its answer was done.`);
  }

  #say(type: "text" | "reasoning", value: unknown): void {
    const piece = this.#text(value);
    if (piece !== "") this.say(type, piece);
  }

  #text(value: unknown): string {
    if (typeof value !== "string") throw this.invalid("sent content that is not text");
    return value;
  }
}
