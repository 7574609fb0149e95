import { ChatError } from "@parlor/core";
import { checkName } from "./names.ts";

/** As many keys as one command takes. */
const atOnce = 200;

/** Has to come back as it is: quotes, NUL, half a character (Node's type stripping takes no literal of it), a whole one, U+2028. */
const sample = JSON.stringify(`"'\\\0${String.fromCharCode(0xd800)} \u{1f600}\u2028:`);

/** Where records are: their text by name. */
export interface Source {
  get(names: readonly string[]): Promise<readonly (string | undefined)[]>;
  set(entries: readonly (readonly [name: string, text: string])[]): Promise<void>;
  delete(names: readonly string[]): Promise<void>;
  /** Whether it has given back what it was given. */
  checked: boolean;
}

export function unavailable(cause: unknown): ChatError {
  return new ChatError("store_unavailable", "The store could not be reached. Try again in a moment.", {
    cause,
    retryAfterMs: 1_000,
  });
}

/** One call of the store and its deadline. */
export class Call {
  readonly #source: Source;
  readonly #ms: number;
  readonly #reject: (error: ChatError) => void;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  private constructor(source: Source, ms: number, reject: (error: ChatError) => void) {
    this.#source = source;
    this.#ms = ms;
    this.#reject = reject;
  }

  static run<T>(source: Source, ms: number, work: (call: Call) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = new Call(source, ms, reject);
      call.renew();
      work(call)
        .then(resolve, reject)
        .finally(() => clearTimeout(call.#timer));
    });
  }

  /** For work of many steps: the time counts from here. */
  renew(): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#over = true;
      this.#reject(unavailable("no answer in time"));
    }, this.#ms);
  }

  /** Records as they were stored, undefined for what is not there. */
  async get<T>(names: readonly string[]): Promise<(T | undefined)[]> {
    const found: (T | undefined)[] = [];
    for (const some of chunks(names)) {
      const texts = await this.#step(() => this.#source.get(some));
      found.push(...texts.map((text) => parse<T>(text)));
    }
    return found;
  }

  /**
   * One record. Some adapters answer a failed read like an absent record, so what is absent is believed only while a record that
   * has to be there is found.
   */
  async find<T>(name: string): Promise<T | undefined> {
    if (!this.#source.checked) await this.check();
    for (;;) {
      const [found] = await this.get<T>([name]);
      if (found !== undefined) return found;
      const [known] = await this.#step(() => this.#source.get([checkName]));
      if (known === sample) return undefined;
      // The store was emptied, or does not answer; then this throws.
      await this.check();
    }
  }

  /** In no order; each is stored when this resolves. */
  async set(entries: readonly (readonly [name: string, text: string])[]): Promise<void> {
    for (const some of chunks(entries)) await this.#step(() => this.#source.set(some));
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const some of chunks(names)) await this.#step(() => this.#source.delete(some));
  }

  /** Whether the Keyv gives back what it is given. */
  async check(): Promise<void> {
    await this.set([[checkName, sample]]);
    const names = [checkName, checkName.toUpperCase()];
    const [kept, other] = await this.#step(() => this.#source.get(names));
    if (other !== undefined) throw unavailable("the Keyv does not tell upper from lower case in keys");
    if (kept !== sample) throw unavailable("the Keyv does not give back what it was given");
    this.#source.checked = true;
  }

  async #step<T>(work: () => Promise<T>): Promise<T> {
    if (this.#over) throw unavailable("no answer in time");
    try {
      return await work();
    } catch (error) {
      throw ChatError.isInstance(error) ? error : unavailable(error);
    }
  }
}

function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    // What the parser says would show some of the text.
    throw unavailable("a record is not JSON");
  }
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += atOnce) yield items.slice(at, at + atOnce);
}
