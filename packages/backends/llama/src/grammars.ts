import type { GbnfJsonSchema, Llama, LlamaGrammar } from "node-llama-cpp";
import { unsupported } from "./schema.ts";

const mostKept = 64;

/** Grammars by the text of their schema, those asked for last: making one blocks. */
export class Grammars {
  readonly #llama: Llama;
  readonly #kept = new Map<string, LlamaGrammar>();

  constructor(llama: Llama) {
    this.#llama = llama;
  }

  /** Throws `unsupported_by_model` when llama.cpp makes none of it: a definition that leads to itself, too many repetitions. */
  async get(schema: GbnfJsonSchema, what: string): Promise<LlamaGrammar> {
    const key = JSON.stringify(schema);
    const grammar = this.#kept.get(key) ?? (await this.#make(schema, what));
    this.#kept.delete(key);
    this.#kept.set(key, grammar);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    return grammar;
  }

  async #make(schema: GbnfJsonSchema, what: string): Promise<LlamaGrammar> {
    try {
      return await this.#llama.createGrammarForJsonSchema<GbnfJsonSchema>(schema);
    } catch (error) {
      throw unsupported(what, "is too large for a grammar, or has a definition that leads to itself", error);
    }
  }
}
