import type { NewMessage } from "@parlor/core";

export const window = { last: 50, maxCharacters: 100_000 };

export const said = (id: string, text = `Text of ${id}`): NewMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text }],
  createdAt: "2026-01-01T00:00:00.000Z",
  status: "complete",
});

/** The placeholder of an answer; its turn has the same id. */
export const streaming = (id: string): NewMessage => ({
  ...said(id),
  role: "assistant",
  status: "streaming",
  turn: id,
});

export const answered = (id: string, text?: string): NewMessage => ({
  ...said(id, text),
  role: "assistant",
  turn: id,
});

/** m0, m1 … */
export const many = (from: number, count: number): NewMessage[] =>
  Array.from({ length: count }, (_, at) => said(`m${from + at}`));
