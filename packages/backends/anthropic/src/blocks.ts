import { ChatError, type BackendEvent, type ProviderMeta } from "@parlor/core";
import { toToolInput } from "@parlor/wire";
import { toMeta } from "./thoughts.ts";

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

interface Block {
  readonly start: WireBlock;
  input: string;
  signature: string;
}

/** Inputs of all tool calls of an answer together, in characters. */
const maxCharacters = 4_194_304;

/** What of an answer's blocks is known only when they end: the input of tool calls, the seal of thoughts. */
export class Blocks {
  readonly calls: BackendEvent[] = [];
  readonly #open = new Map<number, Block>();
  #characters = 0;

  start(index: number, start: WireBlock): void {
    this.#open.set(index, { start, input: "", signature: string(start.signature) });
  }

  /** A fragment of a call's input. */
  add(index: number, fragment: string): void {
    const block = this.#open.get(index);
    if (block === undefined) return;
    block.input += fragment;
    this.#characters += fragment.length + 64;
    if (this.#characters > maxCharacters) {
      throw new ChatError("answer_too_long", "The model's tool calls exceed the size limit.");
    }
  }

  sign(index: number, signature: string): void {
    const block = this.#open.get(index);
    if (block !== undefined) block.signature = signature;
  }

  /** What must go back with the thought that ends here, if it is one. */
  stop(index: number): ProviderMeta | undefined {
    const block = this.#open.get(index);
    if (block === undefined) return undefined;
    this.#open.delete(index);
    const { start, input, signature } = block;
    if (start.type === "tool_use") this.#call(start, input);
    else if (start.type === "thinking") return toMeta({ signature });
    else if (start.type === "redacted_thinking") return toMeta({ redacted: string(start.data) });
    return undefined;
  }

  /** Calls of blocks that were never closed, as some compatible services leave them. */
  end(): void {
    for (const index of this.#open.keys()) this.stop(index);
  }

  #call({ id, name, input: given }: WireBlock, text: string): void {
    if (typeof name !== "string" || name === "") {
      throw new ChatError("upstream_invalid", "The model called a tool without naming it.");
    }
    // Some services bring the input whole, at the start.
    const input = text === "" && typeof given === "object" && given !== null ? given : toToolInput(text);
    this.calls.push({ type: "tool-call", id: string(id) || `toolu_${this.calls.length}`, name, input });
  }
}

const string = (value: unknown): string => (typeof value === "string" ? value : "");
