import type { NewMessage, Storage } from "@parlor/core";

/** What of a storage a turn uses; a store that keeps conversations only leaves turns to another. */
export type TurnStorage = Pick<Storage, "sessions" | "turns">;

/** How many calls a turn makes, each a round trip where there is a server. */
export const callsOfTurn = 6;

/** Characters of what is said, and of what is answered. */
const question = "What is it that you can tell me about this? ".repeat(5);
const answer = "It is a long story, and this is how it begins. ".repeat(4);

const createdAt = "2026-01-01T00:00:00.000Z";
const window = { last: 50, maxCharacters: 1_000_000 };

/** The store's part of a turn, call by call as the engine makes them. Milliseconds: until the model is asked, and in all. */
export async function storeTurn({ sessions, turns }: TurnStorage, session: string, turn: string) {
  const key = { owner: "ada", id: session };
  const since = performance.now();
  const placeholder: NewMessage = {
    id: `a-${turn}`,
    role: "assistant",
    parts: [],
    createdAt,
    status: "streaming",
    turn,
    meta: { model: "bench" },
  };
  const claimed = await turns.claim(
    key,
    { id: turn, message: placeholder.id, model: "bench", createdAt },
    { leaseMs: 10_000 },
  );
  if (claimed.kind !== "won") throw new Error(`the session is ${claimed.kind}`);
  const { claim } = claimed;
  const parts = [{ type: "text", text: question }] as const;
  const user: NewMessage = { id: `u-${turn}`, role: "user", parts, createdAt, status: "complete", turn, tokens: 60 };
  await sessions.open(key, { append: [user, placeholder], window });
  const asked = performance.now();
  await turns.append([{ claim, events: [{ type: "text", text: answer, offset: 1, index: 0 }] }]);
  const usage = { inputTokens: 60, outputTokens: 50 };
  await turns.end(claim, { status: "complete", finishReason: "stop", usage });
  const final: NewMessage = {
    ...placeholder,
    parts: [{ type: "text", text: answer }],
    status: "complete",
    meta: { model: "bench", usage, finishReason: "stop" },
  };
  await sessions.settle(key, final, { turn });
  await turns.settled(key, turn);
  return { beforeModelMs: asked - since, turnMs: performance.now() - since };
}

/** As much text as a call of the turn stores, for who does nothing but store it. */
export const sameText: string = question;
