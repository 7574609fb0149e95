import type { NewMessage, NewTurn } from "@parlor/core";

const createdAt = "2026-01-01T00:00:00.000Z";

export const key = { owner: "ada", id: "session" };

export const wide = { last: 1_000, maxCharacters: 1_000_000 };

export const said = (id: string, text = `Text of ${id}`): NewMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text }],
  createdAt,
  status: "complete",
});

export const streaming = (id: string, turn: string): NewMessage => ({
  id,
  role: "assistant",
  parts: [],
  createdAt,
  status: "streaming",
  turn,
});

export const newTurn = (id: string): NewTurn => ({ id, message: `answer-${id}`, model: "model", createdAt });

export const textEvent = (offset: number, text = `word ${offset} `) =>
  ({ type: "text", offset, index: offset - 1, text }) as const;

/** So many, each made from its index. */
export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
