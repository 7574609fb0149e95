import type { Readable } from "node:stream";
import type { Answer } from "./node-fetch.ts";

/** The body of an answer, read by read. */
export interface Reads {
  /** The text of what came since the last call; undefined at the end. Throws when the connection breaks. */
  next(): Promise<string | undefined>;
  /** No more is wanted: cuts the connection. */
  close(): void;
  /** The answer is whole: lets the rest pass by, so that the connection can be used again. */
  release(): void;
}

/** How much may wait for a reader that is slower than the network, in characters. */
const highWater = 65_536;
/** What may come after `[DONE]`: so long we wait for the end of the body. */
const releaseMs = 1000;

export function readsOf(body: ReadableStream<Uint8Array> | Readable | null): Reads {
  if (body === null) return { next: () => Promise.resolve(undefined), close() {}, release() {} };
  return "getReader" in body ? new WebReads(body) : new NodeReads(body);
}

/** No more of a failure's body is read, in characters. */
const maxStart = 65_536;

/** The first 64 K characters of an answer, for what it says of a failure; the rest is cut off. */
export async function startOf(answer: Answer): Promise<string> {
  const reads = readsOf(answer.body);
  let text = "";
  try {
    for (let part; text.length < maxStart && (part = await reads.next()) !== undefined;) text += part;
  } catch {
    // The status says enough.
  } finally {
    reads.close();
  }
  return text;
}

/** Everything that one read of the socket brought comes out of one `next`, however many HTTP chunks it was. */
class NodeReads implements Reads {
  readonly #body: Readable;
  #text = "";
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(body: Readable) {
    this.#body = body.setEncoding("utf8");
    body.on("data", (text: string) => {
      this.#text += text;
      if (this.#text.length > highWater) body.pause();
      this.#wake?.();
    });
    body.on("end", () => this.#end());
    body.on("error", (error) => this.#end(error));
    body.on("close", () => {
      if (!this.#ended) this.#end(new Error("The connection closed"));
    });
  }

  #end(failure?: Error): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async next(): Promise<string | undefined> {
    // The rest of this read is delivered before a promise can settle.
    if (this.#text === "" && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const text = this.#text;
    this.#text = "";
    if (text !== "") {
      if (text.length > highWater) this.#body.resume();
      return text;
    }
    if (this.#failure) throw this.#failure;
    return undefined;
  }

  close(): void {
    this.#body.destroy();
  }

  release(): void {
    const body = this.#body;
    if (this.#ended) return;
    body.removeAllListeners("data").resume();
    const timer = setTimeout(() => body.destroy(), releaseMs).unref();
    body.once("close", () => clearTimeout(timer));
  }
}

class WebReads implements Reads {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #timer: NodeJS.Timeout | undefined;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  async next(): Promise<string | undefined> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      const text = this.#decoder.decode(value, { stream: true });
      if (text !== "") return text;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#reader.cancel().catch(() => {});
  }

  release(): void {
    this.#timer = setTimeout(() => this.close(), releaseMs).unref();
    const drain = async (): Promise<void> => {
      while ((await this.next()) !== undefined);
      this.close();
    };
    drain().catch(() => this.close());
  }
}
