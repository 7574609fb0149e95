import type { Part, ProviderMeta, TurnEvent } from "../contracts/index.ts";

/** The parts of an answer, grown event by event. Text is concatenated; nothing is joined before it is asked for. */
export class Answer {
  text = "";
  reasoning = "";
  readonly #toolCalls: Part[] = [];
  #meta: ProviderMeta | undefined;

  add(event: TurnEvent): void {
    if (event.type === "text") this.text += event.text;
    else if (event.type === "reasoning") this.reasoning += event.text;
    else if (event.type === "tool-call") {
      const { id, name, input, meta } = event;
      this.#toolCalls.push({ type: "tool-call", id, name, input, ...(meta && { meta }) });
      return;
    }
    if (event.meta) this.#meta = { ...this.#meta, ...event.meta };
  }

  /** What the provider must get back with this answer. */
  get meta(): ProviderMeta | undefined {
    return this.#meta;
  }

  get empty(): boolean {
    return this.text === "" && this.#toolCalls.length === 0;
  }

  get parts(): readonly Part[] {
    const parts: Part[] = [];
    if (this.reasoning !== "") parts.push({ type: "reasoning", text: this.reasoning });
    if (this.text !== "") parts.push({ type: "text", text: this.text });
    return this.#toolCalls.length > 0 ? [...parts, ...this.#toolCalls] : parts;
  }
}
