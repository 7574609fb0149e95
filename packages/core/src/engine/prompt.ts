import type { NewMessage, OpenedSession, PromptMessage, Session, ToolSpec } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { toPromptMessages } from "../tools/index.ts";
import { characters, fit, lastMessages, tokens } from "../truncation/index.ts";
import { heal } from "./fold.ts";
import { toParts } from "./input.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Model } from "./models.ts";
import type { Parts } from "./parts.ts";
import { findReplaced } from "./replaced.ts";
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

/** One round trip: stores what is said and the answer's placeholder, and loads what the prompt could need. */
export async function openSession(
  parts: Parts,
  turn: LiveTurn,
  input: TurnInput,
  said: readonly NewMessage[],
): Promise<Opened> {
  if (!turn.stored) return { session: undefined, messages: input.messages ?? said, answer: undefined };

  const known =
    input.messageId === undefined ? undefined : await parts.storage.sessions.message(turn.key, input.messageId);
  if (known && known.turn !== turn.id) {
    throw new ChatError("message_exists", "This session has a message with that id already. Send it under another id.");
  }
  const replaced = input.regenerate || input.editOf !== undefined ? await findReplaced(parts, turn, input) : undefined;
  const answer: NewMessage = {
    id: turn.message,
    role: "assistant",
    parts: [],
    createdAt: turn.createdAt,
    status: "streaming",
    turn: turn.id,
    meta: {
      model: turn.model,
      ...(replaced?.supersedes && { supersedes: replaced.supersedes }),
      ...(input.editOf !== undefined && said[0] && { edit: said[0].id }),
    },
  };
  const open = () =>
    parts.storage.sessions.open(turn.key, {
      ...(input.init && { init: input.init }),
      append: [...said, answer],
      window: {
        last: parts.window.messages,
        maxCharacters: loadedCharacters(parts, turn.uses),
        ...(replaced && { before: replaced.before }),
      },
    });
  let opened: OpenedSession = await open();
  // While this turn has the session no other answer is being written: what says so was left behind by a turn that a store lost.
  if (opened.streaming > 1 && (await healNewest(parts, turn))) opened = await open();
  const { session, window } = opened;
  return { session, messages: [...window, ...said], answer };
}

/**
 * A token has at most about 8 characters in running text: what is further back cannot fit. Media take far fewer tokens for their
 * length, so a model that takes them has some room for them whatever else fits, and what they cost a server has an end: with a
 * quarter counted, 4 to 16 MiB of them.
 */
function loadedCharacters({ window }: Parts, { backend: { info } }: Model): number {
  const least = info.capabilities.some((each) => each === "images" || each === "files") ? 1_048_576 : 0;
  return Math.min(Math.max(window.characters, least), Math.max(info.contextWindow * 8, least), 4_194_304);
}

async function healNewest(parts: Parts, { key }: LiveTurn): Promise<boolean> {
  return heal(parts, key, (await parts.storage.sessions.messages(key, { limit: 100 })) ?? []);
}

/** The newest part of the conversation that the model's context holds. Throws `context_too_long`. */
export async function buildPrompt(parts: Parts, turn: LiveTurn, input: TurnInput, opened: Opened): Promise<Prompt> {
  const given = toPromptMessages(opened.messages);
  const system = [
    input.systemPrompt ?? opened.session?.systemPrompt ?? parts.systemPrompt,
    ...given.filter(isSystem).map(textOf),
  ].filter(Boolean);
  const uncounted = given.some(isSystem) ? given.filter((message) => !isSystem(message)) : [...given];
  // Not every provider takes one anywhere but in front.
  if (system.length > 0) uncounted.unshift(toSystem(system.join("\n\n")));
  const messages: PromptMessage[] = [];
  for (const message of uncounted)
    messages.push(message.tokens === undefined ? await counted(turn.uses, message) : message);
  const room = turn.room ?? (await roomFor(parts, turn, input));
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

const isSystem = ({ role }: PromptMessage) => role === "system";

const textOf = ({ parts }: PromptMessage) => parts.map((part) => (part.type === "text" ? part.text : "")).join("");

const toSystem = (text: string): PromptMessage => ({ role: "system", parts: [{ type: "text", text }] });

/** Tokens that the messages of a prompt may have, so that there is room for the answer, and for the tools that the model is told of. */
async function roomFor(parts: Parts, turn: LiveTurn, input: TurnInput): Promise<number> {
  const { backend, settings } = turn.uses;
  const { contextWindow } = backend.info;
  const wanted = input.settings?.maxTokens ?? settings.maxTokens ?? contextWindow * answerShare;
  const tools = toolsFor(parts, input);
  // About: each model is told of them in words of its own.
  const told = tools.length === 0 ? 0 : await backend.countTokens([toSystem(JSON.stringify(tools))]);
  return (turn.room = Math.floor(contextWindow - Math.min(wanted, contextWindow / 2)) - told);
}

/** The engine's, and those of whoever asks. */
export function toolsFor({ toolSpecs }: Parts, { tools }: TurnInput): readonly ToolSpec[] {
  return tools ? [...toolSpecs, ...tools] : toolSpecs;
}

async function counted({ backend }: Model, message: PromptMessage): Promise<PromptMessage> {
  return { ...message, tokens: await backend.countTokens([message]) };
}

/** What is said now, as it will be stored. Throws `context_too_long` when it alone is too much for the model. */
export async function sayings(parts: Parts, turn: LiveTurn, input: TurnInput): Promise<readonly NewMessage[]> {
  const given = givenBy(input);
  if (given.length === 0) return [];
  const { backend } = turn.uses;
  const said: NewMessage[] = [];
  let all = 0;
  for (const message of given) {
    const counting = backend.countTokens([message]);
    const tokens = typeof counting === "number" ? counting : await counting;
    // The client's id is that of the last one.
    const id = (message === given.at(-1) ? input.messageId : undefined) ?? parts.newId();
    const { role, parts: saidParts } = message;
    const { createdAt, id: by } = turn;
    said.push({ id, role, parts: saidParts, createdAt, status: "complete", turn: by, tokens });
    all += tokens;
  }
  // A prompt that the session would keep must not make it unusable.
  const system = input.systemPrompt ?? input.init?.systemPrompt ?? parts.systemPrompt;
  const beside = system ? await backend.countTokens([toSystem(system)]) : 0;
  const room = turn.room ?? (await roomFor(parts, turn, input));
  if (all + beside > room) throw tooLong(room);
  return said;
}

function givenBy({ message, messages, session }: TurnInput): readonly Pick<NewMessage, "role" | "parts">[] {
  if (message !== undefined) return [{ role: "user", parts: toParts(message) }];
  return (session !== undefined && messages) || [];
}

function tooLong(room: number): ChatError {
  return new ChatError(
    "context_too_long",
    `The message and the system prompt do not fit the model's context: together they may have ${room} tokens. Shorten one, or take a model with a larger context.`,
  );
}
