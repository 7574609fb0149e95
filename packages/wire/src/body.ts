import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Answer, Body, Reads } from "./answer.ts";

/** How much may wait for a reader that is slower than the network, in characters. */
const highWater = 65_536;
/** What may come after `[DONE]`: so long we wait for the end of the body. */
const releaseMs = 1000;

export function readsOf(body: Body): Reads {
  if (body === null) return { ready: () => undefined, take: () => undefined, close() {}, release() {} };
  if ("take" in body && "ready" in body) return body;
  return "getReader" in body ? new WebReads(body) : new NodeReads(body);
}

/** The first characters of an answer; the rest is cut off. 64 K are enough for what it says of a failure. */
export async function startOf(answer: Answer, characters = 65_536): Promise<string> {
  const reads = readsOf(answer.body);
  let text = "";
  try {
    for (let part: string | undefined = ""; part !== undefined && text.length < characters; text += part ?? "") {
      await reads.ready();
      part = reads.take();
    }
  } catch {
    // The status says enough.
  } finally {
    reads.close();
  }
  return text;
}

/** Everything that one read of the socket brought comes out of one `take`, however many HTTP chunks it was. */
class NodeReads implements Reads {
  readonly #body: Readable & { readonly complete?: boolean };
  #text = "";
  #decoder: StringDecoder | undefined;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(body: Readable) {
    this.#body = body;
    body.on("data", (bytes: Buffer) => {
      this.#text += this.#decode(bytes);
      if (this.#text.length > highWater) body.pause();
      this.#arrived();
    });
    body.on("end", () => this.#end());
    body.on("error", (error) => this.#end(error));
    body.on("close", () => {
      if (!this.#ended) this.#end(new Error("The connection closed"));
    });
  }

  /** A character is cut in two only where the last byte is not ASCII: most bodies need no decoder. */
  #decode(bytes: Buffer): string {
    if (this.#decoder === undefined && (bytes.at(-1) ?? 0) < 0x80) return bytes.toString();
    return (this.#decoder ??= new StringDecoder()).write(bytes);
  }

  #end(failure?: Error): void {
    this.#ended = true;
    this.#failure = failure;
    this.#arrived();
  }

  /** Once per wait: Node is told of each promise that is resolved again. */
  #arrived(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  ready(): Promise<void> | undefined {
    if (this.#text !== "" || this.#ended) return undefined;
    // The rest of this read is delivered before a promise can settle.
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  take(): string | undefined {
    const text = this.#text;
    this.#text = "";
    if (text.length > highWater) this.#body.resume();
    if (text !== "" || !this.#ended) return text;
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
    // All of it is here already, and ends by itself.
    if (body.complete) return;
    const timer = setTimeout(() => body.destroy(), releaseMs).unref();
    body.once("close", () => clearTimeout(timer));
  }
}

class WebReads implements Reads {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text: string | undefined = "";
  #failure: unknown;
  #timer: NodeJS.Timeout | undefined;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  async ready(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      this.#text = done ? undefined : this.#decoder.decode(value, { stream: true });
    } catch (error) {
      this.#failure = error ?? new Error("The connection closed");
    }
  }

  take(): string | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const text = this.#text;
    if (text !== undefined) this.#text = "";
    return text;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#reader.cancel().catch(() => {});
  }

  release(): void {
    this.#timer = setTimeout(() => this.close(), releaseMs).unref();
    const drain = async (): Promise<void> => {
      while (!(await this.#reader.read()).done);
    };
    drain().then(
      () => this.close(),
      () => this.close(),
    );
  }
}
