import { setImmediate } from "node:timers/promises";
import { ChatError, type PromptMessage } from "@parlor/core";
import type { ChatHistoryItem, ChatWrapper, LlamaModel, Token } from "node-llama-cpp";

export interface Prompt {
  readonly history: ChatHistoryItem[];
  /** As the model will read it, the head of the answer included. */
  readonly tokens: Token[];
}

/** How a model reads conversations. */
export interface PromptReader {
  readonly model: LlamaModel;
  /** Its chat template; one for all, because finding it out blocks for a tenth of a second. */
  readonly wrapper: ChatWrapper;
  /** Tokens of prompt and answer together. */
  readonly contextSize: number;
  /** Tokens that the template puts around a message, on average. */
  readonly perMessage: number;
}

/** Characters tokenized without a pause: some milliseconds. */
const pieceLength = 8_192;
/** Tokens that an answer must have room for, unless less was asked for. */
const leastAnswer = 16;

/** Throws `context_too_long` rather than leave anything out, and `invalid_request` for what is not text. */
export async function buildPrompt(
  reader: PromptReader,
  messages: readonly PromptMessage[],
  maxTokens = Infinity,
): Promise<Prompt> {
  const history = toHistory(messages);
  const room = reader.contextSize - 1 - Math.min(leastAnswer, maxTokens);
  const length = history.reduce((sum, item) => sum + textOf(item).length, 0);
  // A prompt is tokenized in one go, which blocks: one that cannot fit must not come that far.
  if (length > 4 * pieceLength && (await countHistory(reader, history, room)) > room) throw tooLong(room);
  const tokens = render(reader, history);
  if (tokens.length > room) throw tooLong(room);
  return { history, tokens };
}

/** Counts the texts exactly (very long ones, taken in pieces, a few tokens high) and adds what the template puts around a message. */
export async function countTokens(reader: PromptReader, messages: readonly PromptMessage[]): Promise<number> {
  return (await countHistory(reader, toHistory(messages))) + messages.length * reader.perMessage;
}

export function toReader(model: LlamaModel, wrapper: ChatWrapper, contextSize: number): PromptReader {
  const question: ChatHistoryItem = { type: "user", text: "a" };
  const answer: ChatHistoryItem = { type: "model", response: ["a"] };
  const length = (...history: ChatHistoryItem[]) => render({ model, wrapper }, history).length;
  // What two more messages add, less their text.
  const aroundTwo = length(question, answer, question) - length(question) - 2 * model.tokenize("a").length;
  return { model, wrapper, contextSize, perMessage: Math.max(0, Math.ceil(aroundTwo / 2)) };
}

function render(
  { model, wrapper }: Pick<PromptReader, "model" | "wrapper">,
  history: readonly ChatHistoryItem[],
): Token[] {
  const chatHistory: ChatHistoryItem[] = [...history];
  if (chatHistory.at(-1)?.type !== "model") chatHistory.push({ type: "model", response: [] });
  return wrapper.generateContextState({ chatHistory }).contextText.tokenize(model.tokenizer);
}

/** Leaves off once it has counted more than `enough`. */
async function countHistory(
  { model }: PromptReader,
  history: readonly ChatHistoryItem[],
  enough = Infinity,
): Promise<number> {
  let count = 0;
  for (const item of history) {
    const text = textOf(item);
    for (let at = 0; at < text.length && count <= enough;) {
      if (at > 0) await setImmediate();
      const end = endOfPiece(text, at);
      count += model.tokenize(text.slice(at, end)).length;
      at = end;
    }
  }
  return count;
}

/** Before a space where there is one, since tokens begin there. */
function endOfPiece(text: string, at: number): number {
  const most = at + pieceLength;
  if (most >= text.length) return text.length;
  const space = text.slice(at, most).lastIndexOf(" ");
  return space > 0 ? at + space : most;
}

/** Text only: reasoning and tool use of the past stay out; a picture or file of the past leaves a note, a new one is refused. */
function toHistory(messages: readonly PromptMessage[]): ChatHistoryItem[] {
  return messages.flatMap((message, index): ChatHistoryItem[] => {
    let text = "";
    for (const part of message.parts) {
      if (part.type === "text") text += part.text;
      if (part.type !== "image" && part.type !== "audio" && part.type !== "file") continue;
      if (index === messages.length - 1)
        throw new ChatError("invalid_request", `This model reads text only, and the message holds ${part.type} data.`);
      text += `[${part.type}]`;
    }
    if (message.role === "user") return [{ type: "user", text }];
    if (text === "" || message.role === "tool") return [];
    return message.role === "system" ? [{ type: "system", text }] : [{ type: "model", response: [text] }];
  });
}

function textOf(item: ChatHistoryItem): string {
  const text = item.type === "model" ? item.response[0] : item.text;
  return typeof text === "string" ? text : "";
}

function tooLong(room: number): ChatError {
  return new ChatError(
    "context_too_long",
    `The conversation does not fit the model's context: ${room} tokens are there for it.`,
  );
}
