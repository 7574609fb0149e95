import type { NewMessage, OpenedSession, PromptMessage, Session } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { characters, fit, lastMessages, tokens } from "../truncation/index.ts";
import { heal } from "./fold.ts";
import { toParts } from "./input.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Model } from "./models.ts";
import type { Parts } from "./parts.ts";
import type { TurnInput } from "./types.ts";

/** What step 4 stored and loaded. */
export interface Opened {
  /** Absent in a stateless call. */
  readonly session: Session | undefined;
  /** What came before, and what the user says now. */
  readonly messages: readonly PromptMessage[];
  /** The stored placeholder of the answer; absent in a stateless call. */
  readonly answer: NewMessage | undefined;
}

export interface Prompt {
  readonly messages: readonly PromptMessage[];
  /** Tokens of all of it, as counted. */
  readonly inputTokens: number;
  readonly leftOut: number;
}

/** Share of the context kept free for an answer whose length nobody set. */
const answerShare = 0.25;

/** One round trip: stores the user's message and the answer's placeholder, and loads what the prompt could need. */
export async function openSession(
  parts: Parts,
  turn: LiveTurn,
  input: TurnInput,
  user: NewMessage | undefined,
): Promise<Opened> {
  if (!turn.stored) return { session: undefined, messages: input.messages ?? (user ? [user] : []), answer: undefined };

  const known =
    input.messageId === undefined ? undefined : await parts.storage.sessions.message(turn.key, input.messageId);
  if (known && known.turn !== turn.id) {
    throw new ChatError("message_exists", "This session has a message with that id already. Send it under another id.");
  }
  const again = input.regenerate ? await findRegenerated(parts, turn) : undefined;
  const answer: NewMessage = {
    id: turn.message,
    role: "assistant",
    parts: [],
    createdAt: turn.createdAt,
    status: "streaming",
    turn: turn.id,
    meta: { model: turn.model, ...(again?.supersedes && { supersedes: again.supersedes }) },
  };
  const open = () =>
    parts.storage.sessions.open(turn.key, {
      ...(input.init && { init: input.init }),
      append: user ? [user, answer] : [answer],
      window: {
        last: parts.window.messages,
        // A token has at most about 8 characters in running text: what is further back cannot fit.
        maxCharacters: Math.min(parts.window.characters, turn.uses.backend.info.contextWindow * 8),
        ...(again && { before: again.before }),
      },
    });
  let opened: OpenedSession = await open();
  // While this turn has the session no other answer is being written: what says so was left behind by a turn that a store lost.
  if (opened.streaming > 1 && (await healNewest(parts, turn))) opened = await open();
  const { session, window } = opened;
  return { session, messages: user ? [...window, user] : window, answer };
}

async function healNewest(parts: Parts, { key }: LiveTurn): Promise<boolean> {
  return heal(parts, key, (await parts.storage.sessions.messages(key, { limit: 100 })) ?? []);
}

/** The newest part of the conversation that the model's context holds. Throws `context_too_long`. */
export async function buildPrompt(parts: Parts, { uses }: LiveTurn, input: TurnInput, opened: Opened): Promise<Prompt> {
  const system = input.systemPrompt ?? opened.session?.systemPrompt ?? parts.systemPrompt;
  const uncounted: PromptMessage[] = [...opened.messages];
  if (system) uncounted.unshift(toSystem(system));
  const messages: PromptMessage[] = [];
  for (const message of uncounted) messages.push(message.tokens === undefined ? await counted(uses, message) : message);
  const room = roomFor(uses, input);
  const count = (message: PromptMessage) => message.tokens ?? 0;
  const fitted = fit(
    messages,
    lastMessages(parts.window.messages + 1),
    characters(parts.window.characters),
    tokens(room, count),
  );
  if (fitted.over === "tokens") throw tooLong(room);
  return {
    messages: fitted.messages,
    inputTokens: fitted.messages.reduce((sum, message) => sum + count(message), 0),
    leftOut: fitted.leftOut,
  };
}

const toSystem = (text: string): PromptMessage => ({ role: "system", parts: [{ type: "text", text }] });

/** Tokens that a prompt may have, so that there is room for the answer. */
function roomFor({ backend, settings }: Model, input: TurnInput): number {
  const { contextWindow } = backend.info;
  const wanted = input.settings?.maxTokens ?? settings.maxTokens ?? contextWindow * answerShare;
  return Math.floor(contextWindow - Math.min(wanted, contextWindow / 2));
}

async function counted({ backend }: Model, message: PromptMessage): Promise<PromptMessage> {
  return { ...message, tokens: await backend.countTokens([message]) };
}

/** The user's message as it will be stored. Throws `context_too_long` when it alone is too much for the model. */
export async function userMessage(parts: Parts, turn: LiveTurn, input: TurnInput): Promise<NewMessage | undefined> {
  if (input.message === undefined) return undefined;
  const message = {
    id: input.messageId ?? parts.newId(),
    role: "user",
    parts: toParts(input.message),
    createdAt: turn.createdAt,
    status: "complete",
    turn: turn.id,
  } as const;
  const tokens = await turn.uses.backend.countTokens([message]);
  // A prompt that the session would keep must not make it unusable.
  const system = input.systemPrompt ?? input.init?.systemPrompt ?? parts.systemPrompt;
  const beside = system ? await turn.uses.backend.countTokens([toSystem(system)]) : 0;
  const room = roomFor(turn.uses, input);
  if (tokens + beside > room) throw tooLong(room);
  return { ...message, tokens };
}

/** What a regeneration answers again: everything after the last user message will be superseded. */
async function findRegenerated(parts: Parts, turn: LiveTurn) {
  const messages = await parts.storage.sessions.messages(turn.key, { limit: 100 });
  if (!messages) throw new ChatError("session_not_found", "There is no such session.");
  const user = messages.findLast((message) => message.role === "user");
  const last = messages.at(-1);
  if (!user || !last)
    throw new ChatError("nothing_to_regenerate", "conversation has no user messages to regenerate from");
  const before = user.seq + 1;
  return { before, supersedes: last.seq >= before ? { from: before, to: last.seq } : undefined };
}

function tooLong(room: number): ChatError {
  return new ChatError(
    "context_too_long",
    `The message and the system prompt do not fit the model's context: together they may have ${room} tokens. Shorten one, or take a model with a larger context.`,
  );
}
