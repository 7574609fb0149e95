import type { Part, ProviderMeta, TurnEvent } from "../contracts/index.ts";

type Said = { type: "text" | "reasoning"; text: string; meta?: ProviderMeta };

/**
 * What a turn's events add up to: the same while they come and when a fold reads them from the log. Its parts stand in the order of
 * the events; what a provider must get back stays with the part it came with, so nothing is added to that part afterwards.
 */
export class Answer {
  text = "";
  reasoning = "";
  /** Characters of all of it, tool data as JSON. */
  size = 0;
  readonly #parts: Part[] = [];
  #last: Said | undefined;

  add(event: TurnEvent): void {
    if (event.type === "text" || event.type === "reasoning") this.#say(event);
    else if (event.type === "tool-call" || event.type === "tool-result") {
      const { offset: _offset, ...part } = event;
      this.#last = undefined;
      this.#parts.push(part);
      this.size += JSON.stringify(part).length;
    }
  }

  #say({ type, text, meta }: Said): void {
    if (type === "text") this.text += text;
    else this.reasoning += text;
    this.size += text.length;
    if (this.#last?.type === type) this.#last.text += text;
    else if (text !== "" || meta) this.#parts.push((this.#last = { type, text }));
    if (meta && this.#last) {
      this.#last.meta = meta;
      this.#last = undefined;
    }
  }

  get empty(): boolean {
    return this.text === "" && !this.#parts.some((part) => part.type === "tool-call");
  }

  get parts(): readonly Part[] {
    return this.#parts;
  }
}
