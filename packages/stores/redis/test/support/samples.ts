import type { Claim, NewMessage, NewTurn, SessionKey, Storage, TurnEvent, TurnStore } from "@parlor/core";
import { ChatError } from "@parlor/core";
import { expect } from "vitest";

const createdAt = "2026-01-01T00:00:00.000Z";

export const key = (id = "session", owner = "ada"): SessionKey => ({ owner, id });

export const wide = { last: 1_000, maxCharacters: 1_000_000 };

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));

export const said = (id: string, text = `Text of ${id}`): NewMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text }],
  createdAt,
  status: "complete",
});

export const streaming = (id: string, turn: string): NewMessage => ({
  ...said(id),
  role: "assistant",
  parts: [],
  status: "streaming",
  turn,
});

export const answered = (id: string, turn: string, text = `Answer ${id}`): NewMessage => ({
  ...streaming(id, turn),
  parts: [{ type: "text", text }],
  status: "complete",
  meta: { usage: { inputTokens: 3, outputTokens: 5 } },
});

export const newTurn = (id: string): NewTurn => ({ id, message: `answer-${id}`, model: "model", createdAt });

export const textEvent = (offset: number, text = `word ${offset} `): TurnEvent => ({
  type: "text",
  offset,
  index: offset - 1,
  text,
});

export const textOf = (events: readonly TurnEvent[]): string =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

export async function won(turns: TurnStore, turn: string, session: SessionKey = key()): Promise<Claim> {
  const result = await turns.claim(session, newTurn(turn), { leaseMs: 60_000 });
  return result.kind === "won" ? result.claim : expect.fail("the session is free");
}

/** How a call ended: "ok", or its error's code. */
export const outcomeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "ok",
    (error: unknown) => (ChatError.isInstance(error) ? error.code : `not a ChatError: ${String(error)}`),
  );

export async function closeAll(storage: Storage): Promise<void> {
  await Promise.all(Object.values(storage).map((part) => part.close()));
}
