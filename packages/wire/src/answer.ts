import type { Readable } from "node:stream";

/** What we read of an answer, a `Response` among others. */
export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: Body;
}

/** `Reads`: who sent the request reads the answer, too. */
export type Body = Readable | ReadableStream<Uint8Array> | Reads | null;

/** The body of an answer, read by read: `ready` says when there is something to `take`. One reader at a time. */
export interface Reads {
  /** Resolves once something has come, or nothing more will; undefined: that is so already. Never rejects. */
  ready(): Promise<void> | undefined;
  /** The text of what came since the last call, "" where that was nothing; undefined at the end. Throws when the connection broke. */
  take(): string | undefined;
  /** No more is wanted: cuts the connection. */
  close(): void;
  /** The answer is whole: lets the rest pass by, so that the connection can be used again. */
  release(): void;
}
