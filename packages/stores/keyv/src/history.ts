import { belongsInWindow, type Message, type MessagePage, windowCharacters, type WindowRequest } from "@parlor/core";
import type { Call } from "./call.ts";
import type { Head } from "./head.ts";
import type { SessionNames } from "./names.ts";

export interface Page {
  /** The seq of its first message. */
  readonly first: number;
  /** What its record is called; undefined: it has none yet. */
  readonly number: number | undefined;
  /** Undefined: not loaded. */
  messages: Message[] | undefined;
  changed: boolean;
}

/** Another write has replaced a page since the head was read. */
export class PageGone extends Error {
  override readonly name = "PageGone";
}

/** At most so many pages are read ahead of what turns out to be needed. */
const mostAhead = 16;

/** The messages of a session as one head knows them. Pages are read when they are needed, and never change under their name. */
export class History {
  readonly head: Head;
  protected readonly call: Call;
  protected readonly names: SessionNames;
  protected readonly pages: Page[];
  /** The lowest seq there is. */
  protected first: number;
  /** The seq after the highest. */
  protected next: number;

  constructor(call: Call, names: SessionNames, head: Head) {
    this.call = call;
    this.names = names;
    this.head = head;
    this.pages = head.pages.map(([first, number]) => ({ first, number, messages: undefined, changed: false }));
    this.first = head.first;
    this.next = head.next;
  }

  /** Those of these ids that are there, superseded or not. */
  async find(ids: readonly string[]): Promise<Map<string, Message>> {
    const wanted = new Set(ids);
    const found = new Map<string, Message>();
    const look = (pages: readonly Page[]) => {
      for (const { messages = [] } of pages)
        for (const message of messages)
          if (wanted.has(message.id) && message.seq >= this.first) found.set(message.id, message);
    };
    const recent = this.pages.filter((page) => page.first >= this.head.indexed);
    const indexed = this.pages.length > recent.length ? [...wanted] : [];
    const [seqs] = await Promise.all([
      this.call.get<number>(indexed.map((id) => this.names.seq(id))),
      this.load(recent),
    ]);
    const earlier = seqs.map((seq) => (seq === undefined ? undefined : this.#pageOf(seq)));
    await this.load(earlier.filter((page) => page !== undefined));
    // What is looked up last wins, and an id that came again after its message had gone is in a later page.
    look(this.pages);
    return found;
  }

  /** What a prompt could need of the messages below a seq, oldest first. */
  async window(request: WindowRequest, below: number = this.next): Promise<Message[]> {
    const window: Message[] = [];
    let left = request.maxCharacters;
    for await (const messages of this.#backwards(Math.min(request.before ?? below, below), request.last)) {
      for (const message of messages) {
        if (window.length >= request.last) return window.toReversed();
        if (!belongsInWindow(message)) continue;
        left -= windowCharacters(message);
        if (left < 0 && window.length > 0) return window.toReversed();
        window.push(message);
      }
    }
    return window.toReversed();
  }

  async page({ limit, before = Infinity, superseded = false }: MessagePage): Promise<Message[]> {
    const page: Message[] = [];
    for await (const messages of this.#backwards(before, limit)) {
      for (const message of messages) {
        if (page.length >= limit) return page.toReversed();
        if (superseded || message.status !== "superseded") page.push(message);
      }
    }
    return page.toReversed();
  }

  /** Reads the pages that hold the newest messages, so many, in one go with whatever else of them is needed. */
  async loadNewest(count: number): Promise<void> {
    const from = this.#pagesFor(this.pages.length, this.next, count);
    const recent = this.pages.findIndex((page) => page.first >= this.head.indexed);
    await this.load(this.pages.slice(recent < 0 ? from : Math.min(from, recent)));
  }

  protected async load(pages: readonly Page[]): Promise<void> {
    const missing = pages.filter((page) => page.messages === undefined);
    const stored = await this.call.get<Message[]>(missing.map((page) => this.names.page(page.number ?? 0)));
    for (const [at, page] of missing.entries()) {
      const messages = stored[at];
      if (!messages) throw new PageGone("a page of the session is not there");
      page.messages = messages;
    }
  }

  /** Every message from a seq to another, both included. */
  protected async between(from: number, to: number): Promise<Message[]> {
    const [low, high] = [Math.max(from, this.first), Math.min(to, this.next - 1)];
    if (low > high) return [];
    const pages = this.pages.filter((page, at) => page.first <= high && (this.pages[at + 1]?.first ?? Infinity) > low);
    await this.load(pages);
    return pages.flatMap(({ messages = [] }) => messages.filter(({ seq }) => seq >= low && seq <= high));
  }

  protected pageAt(seq: number): Page | undefined {
    return this.pages.findLast((page) => page.first <= seq);
  }

  #pageOf(seq: number): Page | undefined {
    return seq >= this.first && seq < this.next ? this.pageAt(seq) : undefined;
  }

  /** Messages below a seq, newest first, page by page; `want` says how many will probably do. */
  async *#backwards(below: number, want: number): AsyncGenerator<readonly Message[]> {
    let end = this.pages.findLastIndex((page) => page.first < below) + 1;
    let top = Math.min(below, this.next);
    while (end > 0 && want > 0) {
      const start = this.#pagesFor(end, top, want);
      const batch = this.pages.slice(start, end);
      await this.load(batch);
      for (const { messages = [] } of batch.toReversed())
        yield messages.filter(({ seq }) => seq < below && seq >= this.first).toReversed();
      end = start;
      top = batch[0]?.first ?? 0;
    }
  }

  /** The first of the pages before `end` that together hold `want` messages below `top`. */
  #pagesFor(end: number, top: number, want: number): number {
    let start = end;
    while (start > 0 && end - start < mostAhead && top - (this.pages[start]?.first ?? top) < want) start--;
    return start;
  }
}
