import type { Message, MessagePage, NewMessage, WindowRequest } from "../contracts/index.ts";
import { belongsInWindow, windowCharacters } from "./prompt-window.ts";

/** So few messages are searched for an id. */
const mostSearched = 16;

/** The messages of one session, by seq and by id. Nothing here costs more than what it adds, changes or returns. */
export class History {
  /** Their seqs have no gaps: the first is `#first`. */
  readonly #messages: Message[] = [];
  /** By id; undefined: few enough to be searched. Most sessions are short, and a map takes more memory than a message. */
  #seqs: Map<string, number> | undefined;
  #first = 1;
  /** Messages that are not superseded. */
  count = 0;
  /** The user's among them. */
  turns = 0;
  /** Those being written. */
  streaming = 0;

  /** Adds what is new by id. The messages as they are stored, and how many of them are new. */
  append(messages: readonly NewMessage[], maxMessages: number): { stored: Message[]; added: number } {
    const before = this.#next;
    const stored = messages.map((message) => this.message(message.id) ?? this.#add(message));
    while (this.#messages.length > maxMessages) this.#removeOldest();
    return { stored, added: this.#next - before };
  }

  message(id: string): Message | undefined {
    if (!this.#seqs) return this.#messages.findLast((message) => message.id === id);
    const seq = this.#seqs.get(id);
    return seq === undefined ? undefined : this.#at(seq);
  }

  /** Puts a message in the place of a stored one. */
  replace(old: Message, message: NewMessage): void {
    this.#tally(old, -1);
    const stored = { ...message, seq: old.seq };
    this.#messages[old.seq - this.#first] = stored;
    this.#tally(stored, 1);
  }

  /** Marks `from` to `to` as superseded, one seq excepted. */
  supersede(from: number, to: number, except: number): void {
    const last = Math.min(to, this.#next - 1);
    for (let seq = Math.max(from, this.#first); seq <= last; seq++) {
      const message = this.#at(seq);
      if (message && seq !== except) this.replace(message, { ...message, status: "superseded" });
    }
  }

  /** What a prompt could need of the messages below a seq, oldest first. */
  window(request: WindowRequest, below: number = this.#next): Message[] {
    const window: Message[] = [];
    let left = request.maxCharacters;
    for (let seq = Math.min(request.before ?? below, below) - 1; seq >= this.#first; seq--) {
      if (window.length >= request.last) break;
      const message = this.#at(seq);
      if (!message || !belongsInWindow(message)) continue;
      left -= windowCharacters(message);
      if (left < 0 && window.length > 0) break;
      window.push(message);
    }
    return window.toReversed();
  }

  page({ limit, before = Infinity, superseded = false }: MessagePage): Message[] {
    const page: Message[] = [];
    for (let seq = Math.min(before, this.#next) - 1; seq >= this.#first && page.length < limit; seq--) {
      const message = this.#at(seq);
      if (message && (superseded || message.status !== "superseded")) page.push(message);
    }
    return page.toReversed();
  }

  /** Removes everything; seqs go on growing. How many messages counted. */
  clear(): number {
    const removed = this.count;
    this.#first = this.#next;
    this.#messages.length = 0;
    this.#seqs = undefined;
    this.count = this.turns = this.streaming = 0;
    return removed;
  }

  #add(message: NewMessage): Message {
    const stored = { ...message, seq: this.#next };
    this.#messages.push(stored);
    if (this.#seqs) this.#seqs.set(stored.id, stored.seq);
    else if (this.#messages.length > mostSearched) this.#seqs = new Map(this.#messages.map(({ id, seq }) => [id, seq]));
    this.#tally(stored, 1);
    return stored;
  }

  #removeOldest(): void {
    const oldest = this.#messages.shift();
    if (!oldest) return;
    this.#first++;
    this.#seqs?.delete(oldest.id);
    this.#tally(oldest, -1);
  }

  get #next(): number {
    return this.#first + this.#messages.length;
  }

  #at(seq: number): Message | undefined {
    return this.#messages[seq - this.#first];
  }

  #tally(message: Message, by: 1 | -1): void {
    if (message.status === "superseded") return;
    this.count += by;
    if (message.role === "user") this.turns += by;
    if (message.status === "streaming") this.streaming += by;
  }
}
