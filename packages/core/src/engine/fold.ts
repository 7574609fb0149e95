import type { LoggedEvent, Message, NewMessage, SessionKey, TurnOutcome, TurnRecord } from "../contracts/index.ts";
import { Answer } from "./answer.ts";
import type { Parts } from "./parts.ts";

/**
 * Brings log and message of a turn together whose process did not: ends it if its writer is gone, and makes its message say what
 * the log says. The same steps as at the end of a turn, each idempotent. False when its writer is alive or somebody else is at it.
 */
export async function fold(parts: Parts, turn: TurnRecord): Promise<boolean> {
  const { turns, sessions } = parts.storage;
  if (parts.live.has(turn.id)) return false;
  let outcome = turn.outcome;
  if (outcome === undefined) {
    const claim = await turns.adopt(turn.key, turn.id, parts.leaseMs);
    if (claim === undefined) return false;
    if ((await sessions.message(turn.key, turn.message)) === undefined) {
      // It died before its message was stored: it never was, and its idempotency key is free again.
      await turns.release(claim);
      return true;
    }
    outcome = {
      status: "interrupted",
      error: { code: "lease_lost", detail: "The process that ran this turn has gone; what it had written is kept." },
    };
    if (!(await turns.end(claim, outcome))) return false;
  }
  const message = await sessions.message(turn.key, turn.message);
  if (message?.status === "streaming") {
    const answer = new Answer();
    for await (const events of readLog(parts, turn)) for (const event of events) answer.add(event);
    await settleMessage(parts, turn, message, answer, outcome);
  }
  await turns.settled(turn.key, turn.id);
  return true;
}

/** Gives those `streaming` messages their final form whose turn has ended or is unknown; whether there were any. */
export async function heal(parts: Parts, key: SessionKey, messages: readonly Message[]): Promise<boolean> {
  const healed = await Promise.all(messages.map((message) => healOne(parts, key, message)));
  return healed.includes(true);
}

async function healOne(parts: Parts, key: SessionKey, message: Message): Promise<boolean> {
  if (message.status !== "streaming" || message.turn === undefined || parts.live.has(message.turn)) return false;
  const record = await parts.storage.turns.get(key, message.turn);
  if (record) return fold(parts, record);
  // What is stored of it is all there is.
  const { seq: _seq, ...rest } = message;
  return parts.storage.sessions.settle(key, { ...rest, status: "interrupted" }, { turn: message.turn });
}

/**
 * Makes the streaming message final. A regeneration supersedes the old answer in the same step, if it is complete or the user
 * stopped it with something said; else it is itself only a superseded version, and the conversation stays as it was.
 */
export async function settleMessage(
  parts: Parts,
  turn: Pick<TurnRecord, "key" | "id" | "model">,
  message: NewMessage,
  answer: Answer,
  outcome: TurnOutcome,
): Promise<boolean> {
  const supersede = message.meta?.supersedes;
  const replaces =
    outcome.status === "complete" || (outcome.status === "interrupted" && !outcome.error && !answer.empty);
  const tokens = outcome.usage && outcome.usage.outputTokens - (outcome.usage.reasoningTokens ?? 0);
  const { seq: _seq, ...fields } = { seq: undefined, ...message };
  return parts.storage.sessions.settle(
    turn.key,
    {
      ...fields,
      parts: answer.parts,
      status: supersede && !replaces ? "superseded" : outcome.status,
      ...(tokens !== undefined && { tokens }),
      meta: {
        ...message.meta,
        model: turn.model,
        ...(outcome.usage && { usage: outcome.usage }),
        ...(outcome.finishReason && { finishReason: outcome.finishReason }),
        ...(outcome.generationMs !== undefined && { generationMs: outcome.generationMs }),
        ...(outcome.error && { error: outcome.error.code }),
        ...(answer.meta && { provider: answer.meta }),
      },
    },
    { turn: turn.id, ...(supersede && replaces && { supersede }) },
  );
}

async function* readLog(parts: Parts, turn: TurnRecord): AsyncIterable<readonly LoggedEvent[]> {
  for (let after = 0; ;) {
    const page = await parts.storage.turns.read(turn.key, turn.id, after, 1_000);
    const last = page?.events.at(-1);
    if (!page || !last) return;
    yield page.events;
    if (last.type === "end") return;
    after = last.offset;
  }
}
