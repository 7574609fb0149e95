import type { Session, SessionInit, SessionKey } from "@parlor/core";

export type PageRef = readonly [first: number, number: number];

/**
 * What a session is: one record, and the only one of its records that ever changes. Whoever replaces it makes everything that it
 * names true in one step; pages that no head names do not count.
 */
export interface Head {
  readonly session: Session;
  readonly updatedMs: number;
  /** The lowest seq there is; lower ones in the first page have been removed. */
  readonly first: number;
  /** The seq of the next message. */
  readonly next: number;
  /** How many messages are being written. */
  readonly streaming: number;
  /** Oldest first. */
  readonly pages: readonly PageRef[];
  /** The number of the next page that is written. A replaced page gets a new number. */
  readonly nextPage: number;
  /** Characters of the last page. */
  readonly lastSize: number;
  /** Ids of messages in pages that begin below this seq can be looked up. */
  readonly indexed: number;
  /** Pages that nothing needs any more: the next write deletes them. */
  readonly stale: readonly number[];
  /** Pages of messages that were cleared: the next write deletes them and what leads to their messages. */
  readonly dropped: readonly number[];
  /**
   * Ids of messages beyond the bound: the next write deletes what leads to them, before one of these ids, come again, can be
   * looked up.
   */
  readonly forgotten: readonly string[];
  /** It is being deleted. */
  readonly gone?: true;
}

export function newHead({ owner, id }: SessionKey, init: SessionInit): Head {
  return {
    session: {
      favorite: false,
      metadata: {},
      ...init,
      owner,
      id,
      createdAt: "",
      updatedAt: "",
      messageCount: 0,
      turnCount: 0,
      usage: { inputTokens: 0, outputTokens: 0 },
    },
    updatedMs: 0,
    first: 1,
    next: 1,
    streaming: 0,
    pages: [],
    nextPage: 1,
    lastSize: 0,
    indexed: 1,
    stale: [],
    dropped: [],
    forgotten: [],
  };
}
