import { setImmediate } from "node:timers/promises";
import type { GenerateContentStreamResult } from "@google/generative-ai";
import type { Reads } from "@parlor/wire";

/** How much may wait for a reader that is slower than the network, in characters. */
const highWater = 65_536;
/** What may come after the answer: so long we wait for the end of the body. */
const releaseMs = 1000;
/** In place of a record that was no JSON; the SDK's error would quote it. */
const unreadable = "data: unreadable\n\n";

/**
 * The chunks that the SDK has read, as the records they came from, so that they are judged as the other entry's are: the chunks' own
 * `text()` throws on safety and mixes thoughts in, and a failure in mid-stream comes as a chunk like any other.
 */
export class ChunkReads implements Reads {
  readonly #call: AbortController;
  #text = "";
  #ended = false;
  #failure: unknown;
  #wake: (() => void) | undefined;
  #resume: (() => void) | undefined;

  constructor(stream: GenerateContentStreamResult["stream"], call: AbortController) {
    this.#call = call;
    void this.#pump(stream);
  }

  async #pump(stream: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const chunk of stream) {
        this.#text += `data: ${JSON.stringify(chunk)}\n\n`;
        this.#wake?.();
        if (this.#text.length > highWater) await new Promise<void>((resolve) => (this.#resume = resolve));
      }
    } catch (error) {
      if (String(error).includes("Error parsing JSON response")) this.#text += unreadable;
      else this.#failure = error;
    }
    this.#ended = true;
    this.#wake?.();
  }

  ready(): Promise<void> | undefined {
    return this.#text !== "" || this.#ended ? undefined : this.#arrival();
  }

  /** Chunks that came together arrive one by one, within a turn of the event loop. */
  async #arrival(): Promise<void> {
    await new Promise<void>((resolve) => (this.#wake = resolve));
    await setImmediate();
  }

  take(): string | undefined {
    const text = this.#text;
    this.#text = "";
    this.#resume?.();
    if (text !== "" || !this.#ended) return text;
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  close(): void {
    this.#call.abort();
    this.#resume?.();
  }

  release(): void {
    setTimeout(() => this.close(), releaseMs).unref();
  }
}
