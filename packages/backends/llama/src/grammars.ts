import type { GbnfJsonSchema, Llama, LlamaGrammar } from "node-llama-cpp";
import { tooLarge, unsupported } from "./schema.ts";

const mostKept = 64;

/** The library's integers may have an exponent, also a negative one, and more digits than a number of JavaScript holds. */
const integers = /^integer-number-rule ::= .*$/m;
const safeIntegers = 'integer-number-rule ::= "-"? ("0" | [1-9] [0-9]{0,14})';

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
      const made = await this.#llama.createGrammarForJsonSchema<GbnfJsonSchema>(schema);
      if (!integers.test(made.grammar)) return made;
      const { stopGenerationTriggers, trimWhitespaceSuffix } = made;
      const grammar = made.grammar.replace(integers, () => safeIntegers);
      return await this.#llama.createGrammar({ grammar, stopGenerationTriggers, trimWhitespaceSuffix });
    } catch (error) {
      throw unsupported(what, tooLarge, error);
    }
  }
}
