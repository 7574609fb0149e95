import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import {
  ChatError,
  type Claim,
  type ErrorCode,
  type LoggedEvent,
  type NewMessage,
  type NewTurn,
  type SessionKey,
  type SessionStore,
  type TurnOutcome,
  type TurnStore,
} from "@parlor/core";

const createdAt = "2026-01-01T00:00:00.000Z";

/** A window that holds everything. */
export const wide = { last: 10_000, maxCharacters: 10_000_000 };

/** Longer than any test. */
export const longMs = 3_600_000;

export const said = (id: string, text = `Text of ${id}`, more: Partial<NewMessage> = {}): NewMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text }],
  createdAt,
  status: "complete",
  ...more,
});

/** The placeholder of an answer. */
export const streaming = (id: string, turn: string, more: Partial<NewMessage> = {}): NewMessage => ({
  id,
  role: "assistant",
  parts: [],
  createdAt,
  status: "streaming",
  turn,
  ...more,
});

/** Its final form. */
export const answered = (id: string, turn: string, more: Partial<NewMessage> = {}): NewMessage => ({
  ...streaming(id, turn),
  parts: [{ type: "text", text: `Answer ${id}` }],
  status: "complete",
  ...more,
});

export const newTurn = (id: string): NewTurn => ({ id, message: `answer-${id}`, model: "model", createdAt });

export const textEvent = (offset: number, text = `word ${offset} `): LoggedEvent => ({
  type: "text",
  offset,
  index: offset - 1,
  text,
});

/** `from` to `to`, both included. */
export const textEvents = (from: number, to: number): LoggedEvent[] =>
  times(to - from + 1, (at) => textEvent(from + at));

export const complete: TurnOutcome = {
  status: "complete",
  finishReason: "stop",
  usage: { inputTokens: 3, outputTokens: 5 },
};

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Calls `work` so many times at once. */
export const atOnce = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(times(count, work));

export const idsOf = (items: readonly { readonly id: string }[] | undefined): string[] | undefined =>
  items?.map((item) => item.id);

/** Claims a session that has to be free. */
export async function won(turns: TurnStore, key: SessionKey, turn: string, leaseMs: number = longMs): Promise<Claim> {
  const result = await turns.claim(key, newTurn(turn), { leaseMs });
  assert.equal(result.kind, "won", "the session is free");
  assert.ok(result.kind === "won");
  return result.claim;
}

/** Appends one batch; its last offset or "stale". */
export async function append(
  turns: TurnStore,
  claim: Claim,
  events: readonly LoggedEvent[],
): Promise<number | "stale"> {
  const results = await turns.append([{ claim, events }]);
  assert.equal(results.length, 1, "one result per batch");
  const [result] = results;
  return result === undefined || result === "stale" ? "stale" : result.last;
}

export async function readAll(turns: TurnStore, key: SessionKey, turn: string): Promise<readonly LoggedEvent[]> {
  const page = await turns.read(key, turn, 0, 100_000);
  assert.ok(page, "the log is there");
  return page.events;
}

export async function allMessages(sessions: SessionStore, key: SessionKey, superseded = false) {
  const messages = await sessions.messages(key, { limit: 100_000, superseded });
  assert.ok(messages, "the session is there");
  return messages;
}

/** The counters of a session agree with its messages. */
export async function counted(sessions: SessionStore, key: SessionKey): Promise<void> {
  const session = await sessions.get(key);
  const standing = (await allMessages(sessions, key, true)).filter((message) => message.status !== "superseded");
  assert.equal(session?.messageCount, standing.length, "messageCount");
  assert.equal(session?.turnCount, standing.filter((message) => message.role === "user").length, "turnCount");
}

/** `deepEqual` for what is too large to be printed: comparing megabytes line by line takes seconds. */
export function same(actual: unknown, expected: unknown, what: string): void {
  assert.ok(isDeepStrictEqual(actual, expected), `${what} is not as it was given`);
}

export async function refused(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(ChatError.isInstance(error), `a ChatError, not ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
}
