import type { BackendEvent } from "@parlor/core";

/** What the model has said and nobody has taken yet. Neighbours of a kind are one event; whoever takes gets all there is. */
export class EventBuffer {
  #pending: BackendEvent[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  text(type: "text" | "reasoning", text: string): void {
    const last = this.#pending.at(-1);
    if (last?.type === type) this.#pending[this.#pending.length - 1] = { type, text: last.text + text };
    else this.#pending.push({ type, text });
    this.#wake?.();
  }

  push(...events: readonly BackendEvent[]): void {
    this.#pending.push(...events);
    this.#wake?.();
  }

  /** No more will come, or this error after what is there. The first end counts. */
  end(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end;
    this.#wake?.();
  }

  /** All that is there, or what comes next; undefined after the end. For one reader. */
  async take(): Promise<readonly BackendEvent[] | undefined> {
    if (this.#pending.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const batch = this.#pending;
    if (batch.length > 0) {
      this.#pending = [];
      return batch;
    }
    if (this.#end && "error" in this.#end) throw this.#end.error;
    return undefined;
  }
}
