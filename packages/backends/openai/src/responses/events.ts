import { ChatError, type FinishReason, type Json } from "@parlor/core";
import { StreamReader, toToolInput } from "@parlor/wire";
import { fromInBand } from "../errors.ts";
import type { Kept } from "./items.ts";
import { toUsage, type Item, type ResponsesEvent, type WireResponse } from "./wire.ts";

/** The last events repeat the whole answer; what brings a piece of it is no longer than elsewhere. In characters. */
const longest = { last: 8_388_608, piece: 1_048_576 };
/** Arguments of all calls of an answer together, in characters. */
const maxArguments = 4_194_304;

/**
 * Turns the text of a Responses stream into events. What an item is is taken from `response.output_item.done`, which has it whole, or
 * from the answer at the end where a server leaves those out. Events of kinds unknown to it are let pass.
 */
export class ResponsesEvents extends StreamReader {
  readonly #model: string;
  /** Calls that have been told of, by `call_id`. */
  readonly #called = new Set<string>();
  #arguments = 0;
  #said = false;
  #refused = false;

  constructor(name: string, model: string, coalesce: boolean) {
    super(name, coalesce, longest.last);
    this.#model = model;
  }

  protected override onEvent(name: string | undefined, data: string): void {
    if (data.startsWith("[DONE]")) return;
    const event = JSON.parse(data) as ResponsesEvent;
    const { type = name, delta = "", response, item } = event;
    if (typeof delta === "string" && delta.length > longest.piece) throw this.invalid("sent an event above 1 MB");
    if (type === "response.output_text.delta") this.#say("text", delta);
    else if (type === "response.reasoning_summary_text.delta" || type === "response.reasoning_text.delta") {
      this.#say("reasoning", delta);
    } else if (type === "response.reasoning_summary_part.added") {
      if (event.summary_index) this.say("reasoning", "\n\n");
    } else if (type === "response.refusal.delta") {
      this.#refused = true;
      this.#say("text", delta);
    } else if (type === "response.output_item.done") {
      if (item) this.#onItem(item);
    } else if (type === "response.completed" || type === "response.incomplete") this.#conclude(response ?? {});
    else if (type === "response.failed") throw fromInBand(this.name, response?.error);
    // An `error` may come without its event's name, and some servers send the error alone.
    else if (type === "error" || name === "error" || event.error) throw fromInBand(this.name, event.error ?? event);
  }

  protected override onWhole(answer: WireResponse): void {
    if (answer.error) throw fromInBand(this.name, answer.error);
    if (answer.status !== "completed" && answer.status !== "incomplete") return;
    for (const item of answer.output ?? []) {
      if (item.type === "message") this.#onMessage(item);
      this.#onItem(item);
    }
    this.#conclude({ ...answer, output: [] });
  }

  #say(type: "text" | "reasoning", text: unknown): void {
    if (typeof text !== "string") throw this.invalid("sent content that is not text");
    if (text === "") return;
    if (type === "text") this.#said = true;
    this.say(type, text);
  }

  #onItem(item: Item): void {
    if (item.type === "function_call") this.#onCall(item);
    else if (item.type === "reasoning") this.#keep("reasoning", { item: item as Json });
    else if (item.type === "message" && item.phase) this.#keep("text", { phase: item.phase });
  }

  /** What goes back with the next call, behind the text it belongs to. */
  #keep(type: "text" | "reasoning", kept: Omit<Kept, "model">): void {
    const meta = { [this.name]: { model: this.#model, ...kept } };
    this.give({ type, text: "", meta });
  }

  #onCall({ call_id: id, name, arguments: input = "" }: Item): void {
    if (!id || !name) throw this.invalid("called a tool without naming it");
    if (this.#called.has(id)) return;
    this.#arguments += input.length;
    if (this.#arguments > maxArguments) {
      throw new ChatError("answer_too_long", "The model's tool calls exceed the size limit.");
    }
    this.#called.add(id);
    this.give({ type: "tool-call", id, name, input: toToolInput(input) });
  }

  #conclude({ output, usage, incomplete_details: incomplete, status }: WireResponse): void {
    this.#catchUp(output ?? []);
    this.usage = usage ? toUsage(usage) : undefined;
    this.finish(status === "incomplete" || incomplete ? reasonOf(incomplete?.reason) : this.#reason());
    this.done = true;
  }

  #reason(): FinishReason {
    if (this.#called.size > 0) return "tool-calls";
    return this.#refused ? "content-filter" : "stop";
  }

  /** What no event has told. */
  #catchUp(output: readonly Item[]): void {
    const silent = !this.#said;
    for (const item of output) {
      if (item.type === "function_call") this.#onCall(item);
      else if (silent && item.type === "message") this.#onMessage(item);
    }
  }

  #onMessage({ content }: Item): void {
    for (const { text, refusal } of content ?? []) {
      if (refusal) this.#refused = true;
      this.#say("text", text ?? refusal ?? "");
    }
  }
}

/** Why an answer is not whole. */
function reasonOf(reason: string | undefined): FinishReason {
  if (reason === "max_output_tokens") return "length";
  return reason === "content_filter" ? "content-filter" : "other";
}
