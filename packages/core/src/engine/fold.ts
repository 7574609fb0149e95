import type {
  LoggedEvent,
  Message,
  MessageMeta,
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
    await settleMessage(parts, turn, asNew(message), answer, outcome);
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
  const turn = { key, id: message.turn, model: message.meta?.model ?? "" };
  return settleMessage(parts, turn, asNew(message), new Answer(), { status: "interrupted", error: gone });
}

/** A stored message as it came to the store. */
function asNew({ seq: _seq, ...message }: Message): NewMessage {
  return message;
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
  const supersede = replaces ? old : await saidAnew(parts, turn.key, message);
  const { usage, finishReason, generationMs, error } = outcome;
  const status = old && !replaces ? "superseded" : outcome.status;
  // Every turn comes by here. Assigned, because V8 makes a call of every spread, of what is not there, too.
  const meta: Mutable<MessageMeta> = { ...message.meta, model: turn.model };
  if (usage) meta.usage = usage;
  if (finishReason) meta.finishReason = finishReason;
  if (generationMs !== undefined) meta.generationMs = generationMs;
  if (error) meta.error = error.code;
  if (turn.meta) meta.provider = turn.meta;
  const settled: Mutable<NewMessage> = { ...message, parts: answer.parts, status, meta };
  if (usage) settled.tokens = usage.outputTokens - (usage.reasoningTokens ?? 0);
  return parts.storage.sessions.settle(turn.key, settled, supersede ? { turn: turn.id, supersede } : { turn: turn.id });
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

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
