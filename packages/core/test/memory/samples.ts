import type { LoggedEvent, NewMessage, SessionKey, Storage } from "../../src/index.ts";

const createdAt = "2026-01-01T00:00:00.000Z";

export const wide = { last: 1_000, maxCharacters: 1_000_000 };

export const key = (id: string, owner = "ada"): SessionKey => ({ owner, id });

export const said = (id: string): NewMessage => ({
  id,
  role: "user",
  parts: [{ type: "text", text: id }],
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

export const answered = (id: string, turn: string, usage = { inputTokens: 1, outputTokens: 1 }): NewMessage => ({
  ...streaming(id, turn),
  parts: [{ type: "text", text: id }],
  status: "complete",
  meta: { usage },
});

export const newTurn = (id: string) => ({ id, message: `answer-${id}`, model: "model", createdAt });

export const textEvent = (offset: number, text = ""): LoggedEvent => ({
  type: "text",
  offset,
  index: offset - 1,
  text,
});

/** Which of these sessions are there, without using them. */
export async function present({ sessions }: Storage, owner = "ada"): Promise<string[]> {
  const { items } = await sessions.list(owner, { limit: 1_000 });
  return items.map((item) => item.id).toSorted();
}

/** A whole turn without events. */
export async function runTurn({ turns }: Storage, session: SessionKey, id: string): Promise<void> {
  const result = await turns.claim(session, newTurn(id), { leaseMs: 1_000 });
  if (result.kind !== "won") throw new Error(`the session is ${result.kind}`);
  await turns.end(result.claim, { status: "complete" });
  await turns.settled(session, id);
}
