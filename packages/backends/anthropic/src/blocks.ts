import { ChatError, type BackendEvent, type Json } from "@parlor/core";
import { toToolInput } from "@parlor/wire";
import { metaKey } from "./messages.ts";

/** A block of an answer as it begins; everything may be missing. */
export interface WireBlock {
  readonly type?: string;
  readonly text?: unknown;
  readonly thinking?: unknown;
  readonly signature?: unknown;
  readonly data?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly input?: unknown;
}

/** Inputs of all tool calls, and all thoughts that are kept, of one answer, in characters. */
const maxCharacters = 4_194_304;

interface Block {
  readonly start: WireBlock;
  text: string;
  signature: string;
}

/**
 * The blocks of an answer that offers tools: its calls, and before each of them, where the model thought, what must go back
 * with it verbatim.
 */
export class Blocks {
  readonly #calls: BackendEvent[] = [];
  readonly #open = new Map<number, Block>();
  readonly #keeps: boolean;
  #before: Json[] = [];
  #thought = false;
  #characters = 0;

  /** `keeps`: whether thoughts may have to go back, because tools are on offer. */
  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  get called(): boolean {
    return this.#calls.length > 0;
  }

  start(index: number, start: WireBlock): void {
    this.stop(index);
    if (this.#keeps || start.type === "tool_use") {
      this.#open.set(index, { start, text: string(start.text ?? start.thinking), signature: string(start.signature) });
    }
  }

  /** More of a block's text, thought or input. */
  add(index: number, piece: string): void {
    const block = this.#open.get(index);
    if (block === undefined) return;
    block.text += piece;
    this.#characters += piece.length + 64;
    if (this.#characters > maxCharacters) {
      throw new ChatError("answer_too_long", "The model's thoughts and tool calls exceed the size limit.");
    }
  }

  sign(index: number, signature: string): void {
    const block = this.#open.get(index);
    if (block !== undefined) block.signature = signature;
  }

  stop(index: number): void {
    const block = this.#open.get(index);
    if (block === undefined) return;
    this.#open.delete(index);
    const { start, text, signature } = block;
    if (start.type === "tool_use") this.#call(start, text);
    else if (start.type === "text") this.#before.push({ type: "text", text });
    else if (start.type === "thinking") this.#think({ type: "thinking", thinking: text, signature });
    else if (start.type === "redacted_thinking") this.#think({ type: "redacted_thinking", data: string(start.data) });
  }

  /** Every call, whole, also of blocks that were never closed. */
  end(): readonly BackendEvent[] {
    for (const index of this.#open.keys()) this.stop(index);
    return this.#calls;
  }

  #think(block: Json): void {
    this.#thought = true;
    this.#before.push(block);
  }

  #call({ id, name, input: given }: WireBlock, text: string): void {
    if (typeof name !== "string" || name === "") {
      throw new ChatError("upstream_invalid", "The model called a tool without naming it.");
    }
    // Some services bring the input whole, at the start.
    const input = text === "" && typeof given === "object" && given !== null ? given : toToolInput(text);
    const own = typeof id === "string" && id !== "" ? id : `toolu_${this.#calls.length}`;
    const meta = this.#thought && { meta: { [metaKey]: { before: this.#before } } };
    this.#calls.push({ type: "tool-call", id: own, name, input, ...meta });
    this.#before = [];
  }
}

const string = (value: unknown): string => (typeof value === "string" ? value : "");
