import { ChatError, type BackendEvent, type Json, type Part } from "@parlor/core";
import type { ReasoningDetail } from "./chunk.ts";

/** What is kept of one answer, in characters. */
const maxCharacters = 4_194_304;
/** Fields that come in pieces; the others come whole. */
const growing = ["text", "summary", "data"];

/** Puts `reasoning_details` together as they have to go back: text, signature and what is encrypted of each in one. */
export class KeptDetails {
  readonly #name: string;
  readonly #model: string;
  readonly #details = new Map<string, { [field: string]: unknown }>();
  #characters = 0;

  /** `model`: none but it can read what is signed or encrypted. */
  constructor(name: string, model: string) {
    this.#name = name;
    this.#model = model;
  }

  add(details: readonly ReasoningDetail[]): void {
    for (const [position, detail] of details.entries()) {
      const place = JSON.stringify([detail.type, detail.index ?? position]);
      const kept = this.#details.get(place) ?? {};
      this.#details.set(place, kept);
      for (const [field, value] of Object.entries(detail)) {
        if (typeof value === "string") this.#characters += value.length;
        const before = kept[field];
        if (growing.includes(field) && typeof before === "string" && typeof value === "string")
          kept[field] = before + value;
        else if (value !== null || before === undefined) kept[field] = value;
      }
    }
    if (this.#characters > maxCharacters)
      throw new ChatError("answer_too_long", "The model's thoughts exceed the size limit.");
  }

  /** An event that carries them, for an answer that called tools: without calls nobody wants them back. */
  event(called: boolean): BackendEvent | undefined {
    if (!called || this.#details.size === 0) return undefined;
    const details = [...this.#details.values()] as Json;
    return { type: "reasoning", text: "", meta: { [this.#name]: { model: this.#model, details } } };
  }
}

/** Those that this model gave with a thought. */
export function detailsIn({ meta }: Part, name: string, model: string): readonly Json[] {
  const kept = meta?.[name] as { readonly model?: string; readonly details?: readonly Json[] } | undefined;
  return kept?.model === model ? (kept.details ?? []) : [];
}
