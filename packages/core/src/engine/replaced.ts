import type { Message } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Parts } from "./parts.ts";
import type { TurnInput } from "./types.ts";

/** What a regeneration or an edit puts its answer in place of. */
export interface Replaced {
  /** The prompt ends before this seq. */
  readonly before: number;
  /** The seqs that are superseded when the answer is complete; absent: there are none yet. */
  readonly supersedes: { readonly from: number; readonly to: number } | undefined;
}

/** Undefined for a turn that replaces nothing. Throws `session_not_found`, `nothing_to_regenerate` or `message_not_found`. */
export async function findReplaced(parts: Parts, turn: LiveTurn, input: TurnInput): Promise<Replaced | undefined> {
  const { regenerate, editOf } = input;
  if (editOf !== undefined) {
    const edited = await find(parts, turn, editOf);
    if (edited.role !== "user") throw notFound("Only a message of the user can be edited.");
    return { before: edited.seq, supersedes: { from: edited.seq, to: await lastSeq(parts, turn) } };
  }
  if (!regenerate) return undefined;
  const target = regenerate === true ? undefined : await find(parts, turn, regenerate.message);
  const messages = await parts.storage.sessions.messages(turn.key, {
    limit: 100,
    ...(target && { before: target.seq + 1 }),
  });
  if (!messages) throw new ChatError("session_not_found", "There is no such session.");
  const user = messages.findLast((message) => message.role === "user");
  if (!user) throw new ChatError("nothing_to_regenerate", "conversation has no user messages to regenerate from");
  const before = user.seq + 1;
  const last = target ? await lastSeq(parts, turn) : (messages.at(-1) as Message).seq;
  return { before, supersedes: last >= before ? { from: before, to: last } : undefined };
}

async function find(parts: Parts, turn: LiveTurn, id: string): Promise<Message> {
  const message = await parts.storage.sessions.message(turn.key, id);
  if (!message) throw notFound("This session has no message with that id.");
  if (message.status === "superseded") throw notFound("This message is an earlier version, which was replaced.");
  return message;
}

async function lastSeq(parts: Parts, turn: LiveTurn): Promise<number> {
  const newest = await parts.storage.sessions.messages(turn.key, { limit: 1 });
  return newest?.at(-1)?.seq ?? 0;
}

const notFound = (detail: string) => new ChatError("message_not_found", detail);
