import type { Message, NewMessage, Session, SessionPatch, Usage } from "@parlor/core";
import type { Call } from "./call.ts";
import { erasePages } from "./erase.ts";
import type { Head } from "./head.ts";
import { History } from "./history.ts";
import type { SessionNames } from "./names.ts";

/** A page takes no more messages when it has so many … */
const fullAt = 32;
/** … or so many characters. */
const fullAtCharacters = 32_768;

type Entry = readonly [name: string, text: string];

/** A session as a write is going to leave it. Nothing is stored before `pageRecords`, nothing counts before the head. */
export class Draft extends History {
  /** Whether the session is made by this write. */
  readonly isNew: boolean;
  changed: boolean;
  session: Session;
  streaming: number;
  /** The number of the next page. Those between what the head says and `unused` may have been written by a write that failed. */
  nextPage: number;
  #lastSize: number;
  #indexed: number;
  readonly #stale: number[] = [];
  readonly #dropped: number[] = [];
  readonly #forgotten: string[] = [];

  constructor(call: Call, names: SessionNames, head: Head, unused: number) {
    super(call, names, head);
    this.isNew = this.changed = head.updatedMs === 0;
    this.session = head.session;
    this.streaming = head.streaming;
    this.nextPage = Math.max(head.nextPage, unused);
    for (let number = head.nextPage; number < this.nextPage; number++) this.#stale.push(number);
    this.#lastSize = head.lastSize;
    this.#indexed = head.indexed;
  }

  /** Adds what is new by id; the messages as they are stored then. */
  async append(messages: readonly NewMessage[], maxMessages: number): Promise<Message[]> {
    if (messages.length === 0) return [];
    const known = await this.find(messages.map(({ id }) => id));
    const stored = messages.map((message) => {
      const there = known.get(message.id) ?? this.#add(message);
      known.set(message.id, there);
      return there;
    });
    if (this.next - this.first > maxMessages) await this.#removeBelow(this.next - maxMessages);
    return stored;
  }

  replace(old: Message, message: NewMessage): void {
    const page = this.pageAt(old.seq);
    if (!page?.messages) return;
    const stored = { ...message, seq: old.seq };
    page.messages = page.messages.map((one) => (one.seq === old.seq ? stored : one));
    page.changed = this.changed = true;
    this.#tally(old, -1);
    this.#tally(stored, 1);
  }

  /** Marks `from` to `to` as superseded, one seq excepted. */
  async supersede(from: number, to: number, except: number): Promise<void> {
    for (const message of await this.between(from, to)) {
      if (message.seq === except || message.status === "superseded") continue;
      this.replace(message, { ...message, status: "superseded" });
    }
  }

  patch(patch: SessionPatch): void {
    this.session = { ...this.session, ...patch };
    this.changed = true;
  }

  addUsage({ inputTokens = 0, outputTokens = 0 }: Partial<Usage> = {}): void {
    const { usage } = this.session;
    const sum = { inputTokens: usage.inputTokens + inputTokens, outputTokens: usage.outputTokens + outputTokens };
    this.session = { ...this.session, usage: sum };
  }

  /** Removes all messages; seqs go on growing. */
  clear(): void {
    for (const { number } of this.pages.splice(0)) if (number !== undefined) this.#dropped.push(number);
    this.first = this.#indexed = this.next;
    this.session = { ...this.session, messageCount: 0, turnCount: 0 };
    this.streaming = 0;
    this.changed = true;
  }

  /** What has to be stored before the head is. */
  pageRecords(): Entry[] {
    const records = this.#seqRecords();
    for (const [at, page] of this.pages.entries()) {
      if (!page.changed || !page.messages) continue;
      if (page.number !== undefined) this.#stale.push(page.number);
      const number = this.nextPage++;
      const text = JSON.stringify(page.messages.filter(({ seq }) => seq >= this.first));
      this.pages[at] = { ...page, number };
      records.push([this.names.page(number), text]);
      if (at === this.pages.length - 1) this.#lastSize = text.length;
    }
    return records;
  }

  /** Deletes what the write before this one has left behind. */
  async clean(): Promise<void> {
    const { stale, forgotten, dropped } = this.head;
    await this.call.delete([...stale.map((number) => this.names.page(number)), ...forgotten.map(this.names.seq)]);
    await erasePages(this.call, this.names, dropped);
  }

  /** Deletes what this write has left behind. */
  async erase(): Promise<void> {
    await this.call.delete(this.#stale.map((number) => this.names.page(number)));
    await erasePages(this.call, this.names, this.#dropped);
  }

  /** The session as it is from `updatedMs` on; after `pageRecords`. */
  finish(updatedMs: number): Entry {
    const updatedAt = new Date(updatedMs).toISOString();
    this.session = { ...this.session, createdAt: this.session.createdAt || updatedAt, updatedAt };
    const head: Head = {
      session: this.session,
      updatedMs,
      first: this.first,
      next: this.next,
      streaming: this.streaming,
      pages: this.pages.map(({ first, number = 0 }) => [first, number] as const),
      nextPage: this.nextPage,
      lastSize: this.#lastSize,
      indexed: this.#indexed,
      stale: this.#stale,
      dropped: this.#dropped,
      forgotten: this.#forgotten,
    };
    return [this.names.head, JSON.stringify(head)];
  }

  /** Makes it possible to look up the messages of pages that were full already: of nothing that may never have been stored. */
  #seqRecords(): Entry[] {
    const last = this.head.pages.at(-1)?.[0] ?? this.head.indexed;
    const pages = this.pages.filter(({ first }) => first >= this.head.indexed && first < last);
    if (pages.length === 0 || pages.some((page) => !page.messages)) return [];
    this.#indexed = last;
    return pages
      .flatMap(({ messages = [] }) => messages)
      .filter(({ seq }) => seq >= this.first)
      .map(({ id, seq }) => [this.names.seq(id), JSON.stringify(seq)] as const);
  }

  #add(message: NewMessage): Message {
    const stored = { ...message, seq: this.next++ };
    const last = this.pages.at(-1);
    if (last?.messages && last.messages.length < fullAt && this.#lastSize < fullAtCharacters) {
      last.messages.push(stored);
      last.changed = true;
    } else {
      this.pages.push({ first: stored.seq, number: undefined, messages: [stored], changed: true });
      this.#lastSize = 0;
    }
    this.#lastSize += JSON.stringify(stored).length;
    this.#tally(stored, 1);
    this.changed = true;
    return stored;
  }

  async #removeBelow(first: number): Promise<void> {
    for (const message of await this.between(this.first, first - 1)) {
      this.#tally(message, -1);
      if (message.seq < this.head.next) this.#forgotten.push(message.id);
    }
    this.first = first;
    while ((this.pages[1]?.first ?? Infinity) <= first) {
      const page = this.pages.shift();
      if (page?.number !== undefined) this.#stale.push(page.number);
    }
  }

  #tally(message: Message, by: 1 | -1): void {
    if (message.status === "superseded") return;
    const { messageCount, turnCount } = this.session;
    const turns = message.role === "user" ? by : 0;
    this.session = { ...this.session, messageCount: messageCount + by, turnCount: turnCount + turns };
    if (message.status === "streaming") this.streaming += by;
  }
}
