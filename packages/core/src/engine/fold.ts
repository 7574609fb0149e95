import type {
  LoggedEvent,
  Message,
  NewMessage,
  ProviderMeta,
  SessionKey,
  TurnOutcome,
  TurnRecord,
} from "../contracts/index.ts";
import { Answer } from "./answer.ts";
import type { Parts } from "./parts.ts";

/**
 * Brings log and message of a turn together whose process did not: ends it if its writer is gone, and makes its message say what
 * the log says. The same steps as at the end of a turn, each idempotent. False when its writer is alive or somebody else is at it.
 */
export async function fold(parts: Parts, turn: TurnRecord): Promise<boolean> {
  const { turns, sessions } = parts.storage;
  if (parts.live.get(turn.id)) return false;
  let outcome = turn.outcome;
  if (outcome === undefined) {
    const claim = await turns.adopt(turn.key, turn.id, parts.leaseMs);
    if (claim === undefined) return false;
    if ((await sessions.message(turn.key, turn.message)) === undefined) {
      // It died before its message was stored: it never was, and its idempotency key is free again.
      await turns.release(claim);
      return true;
    }
    outcome = { status: "interrupted", error: gone };
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

const gone = { code: "lease_lost", detail: "The process that ran this turn has gone; what it had written is kept." };

/** Gives those `streaming` messages their final form whose turn has ended or is unknown; whether there were any. */
export async function heal(parts: Parts, key: SessionKey, messages: readonly Message[]): Promise<boolean> {
  const healed = await Promise.all(messages.map((message) => healOne(parts, key, message)));
  return healed.includes(true);
}

async function healOne(parts: Parts, key: SessionKey, message: Message): Promise<boolean> {
  if (message.status !== "streaming" || message.turn === undefined || parts.live.get(message.turn)) return false;
  const record = await parts.storage.turns.get(key, message.turn);
  if (record) return fold(parts, record);
  // Its log has gone: what is stored of it is all there is.
  return settleMessage(parts, { key, id: message.turn, model: message.meta?.model ?? "" }, message, new Answer(), {
    status: "interrupted",
    error: gone,
  });
}

/**
 * Makes the streaming message final. A regeneration or an edit supersedes what it replaces in the same step, if it is complete or the
 * user stopped it with something said; else it is itself only a superseded version, with what was said anew, and the conversation
 * stays as it was.
 */
export async function settleMessage(
  parts: Parts,
  turn: Pick<TurnRecord, "key" | "id" | "model"> & { readonly meta?: ProviderMeta | undefined },
  message: NewMessage,
  answer: Answer,
  outcome: TurnOutcome,
): Promise<boolean> {
  const old = message.meta?.supersedes;
  const replaces =
    outcome.status === "complete" || (outcome.status === "interrupted" && !outcome.error && !answer.empty);
  const tokens = outcome.usage && outcome.usage.outputTokens - (outcome.usage.reasoningTokens ?? 0);
  const supersede = replaces ? old : await saidAnew(parts, turn.key, message);
  const { seq: _seq, ...fields } = { seq: undefined, ...message };
  return parts.storage.sessions.settle(
    turn.key,
    {
      ...fields,
      parts: answer.parts,
      status: old && !replaces ? "superseded" : outcome.status,
      ...(tokens !== undefined && { tokens }),
      meta: {
        ...message.meta,
        model: turn.model,
        ...(outcome.usage && { usage: outcome.usage }),
        ...(outcome.finishReason && { finishReason: outcome.finishReason }),
        ...(outcome.generationMs !== undefined && { generationMs: outcome.generationMs }),
        ...(outcome.error && { error: outcome.error.code }),
        ...(turn.meta && { provider: turn.meta }),
      },
    },
    { turn: turn.id, ...(supersede && { supersede }) },
  );
}

/** The seqs of what an edit said, up to its answer. */
async function saidAnew({ storage: { sessions } }: Parts, key: SessionKey, { id, meta }: NewMessage) {
  if (meta?.edit === undefined) return undefined;
  const [first, answer] = await Promise.all([sessions.message(key, meta.edit), sessions.message(key, id)]);
  return first && answer && { from: first.seq, to: answer.seq };
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
