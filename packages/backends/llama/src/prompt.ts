import { setImmediate } from "node:timers/promises";
import { ChatError, type PromptMessage } from "@parlor/core";
import type { ChatHistoryItem, ChatModelFunctions, ChatWrapper, LlamaModel, Token } from "node-llama-cpp";
import { textOf, toHistory } from "./history.ts";
import type { Plan } from "./plan.ts";

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
  /** Likewise around a call of a tool and its result. */
  readonly perCall: number;
}

/** Characters tokenized without a pause: some milliseconds. */
const pieceLength = 8_192;
/** Tokens that an answer must have room for, unless less was asked for. */
const leastAnswer = 16;

/** Throws `context_too_long` rather than leave anything out, and `invalid_request` for what is not text. */
export async function buildPrompt(
  reader: PromptReader,
  messages: readonly PromptMessage[],
  plan: Plan = {},
  maxTokens = Infinity,
): Promise<Prompt> {
  const history = withAnswer(reader, withInstruction(toHistory(messages), plan), plan);
  const room = reader.contextSize - 1 - Math.min(leastAnswer, maxTokens);
  const texts = [...history.map(textOf), plan.functions ? JSON.stringify(plan.functions) : ""];
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  // A prompt is tokenized in one go, which blocks: one that cannot fit must not come that far.
  if (length > 4 * pieceLength && (await countTexts(reader, texts, room)) > room) throw tooLong(room);
  const tokens = render(reader, history, plan.functions);
  if (tokens.length > room) throw tooLong(room);
  return { history, tokens };
}

/** In the system prompt that there is: not every template takes a second one. */
function withInstruction(history: ChatHistoryItem[], { instruction }: Plan): ChatHistoryItem[] {
  if (instruction === undefined) return history;
  const [first, ...rest] = history;
  if (first?.type !== "system") return [{ type: "system", text: instruction }, ...history];
  return [{ type: "system", text: `${textOf(first)}\n\n${instruction}` }, ...rest];
}

/** Ends with the answer to be given. Under a grammar there is no room for thoughts, so the thinking is over when it begins. */
function withAnswer({ wrapper }: PromptReader, history: ChatHistoryItem[], { grammar }: Plan): ChatHistoryItem[] {
  if (history.at(-1)?.type === "model") return history;
  const thinks = grammar !== undefined && wrapper.settings.segments?.thought !== undefined;
  const thought = { type: "segment", segmentType: "thought", text: "", ended: true } as const;
  return [...history, { type: "model", response: thinks ? [thought] : [] }];
}

/** Counts the texts exactly (very long ones, taken in pieces, a few tokens high) and adds what the template puts around a message or call. */
export async function countTokens(reader: PromptReader, messages: readonly PromptMessage[]): Promise<number> {
  const calls = messages.flatMap(({ parts }) => parts.filter(({ type }) => type === "tool-call"));
  // A result has its place in the answer that called for it.
  const apart = messages.filter(({ role }) => role !== "tool");
  const around = apart.length * reader.perMessage + calls.length * reader.perCall;
  return (await countTexts(reader, toHistory(messages).map(textOf))) + around;
}

export function toReader(model: LlamaModel, wrapper: ChatWrapper, contextSize: number): PromptReader {
  const question: ChatHistoryItem = { type: "user", text: "a" };
  const answer: ChatHistoryItem = { type: "model", response: ["a"] };
  const call = { type: "functionCall", name: "a", params: {}, result: {} } as const;
  const caller: ChatHistoryItem = { type: "model", response: [call, "a"] };
  const length = (...history: ChatHistoryItem[]) => render({ model, wrapper }, history).length;
  const answered = length(question, answer, question);
  // What two more messages add, or a call, less their text.
  const aroundTwo = answered - length(question) - 2 * model.tokenize("a").length;
  const aroundCall = length(question, caller, question) - answered - model.tokenize("a{}{}").length;
  const [perMessage, perCall] = [Math.max(0, Math.ceil(aroundTwo / 2)), Math.max(0, aroundCall)];
  return { model, wrapper, contextSize, perMessage, perCall };
}

function render(
  { model, wrapper }: Pick<PromptReader, "model" | "wrapper">,
  history: readonly ChatHistoryItem[],
  functions?: ChatModelFunctions,
): Token[] {
  const chatHistory: ChatHistoryItem[] = [...history];
  if (chatHistory.at(-1)?.type !== "model") chatHistory.push({ type: "model", response: [] });
  const told = functions && { availableFunctions: functions, documentFunctionParams: true };
  return wrapper.generateContextState({ chatHistory, ...told }).contextText.tokenize(model.tokenizer);
}

/** Leaves off once it has counted more than `enough`. */
async function countTexts({ model }: PromptReader, texts: readonly string[], enough = Infinity): Promise<number> {
  let count = 0;
  for (const text of texts) {
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

function tooLong(room: number): ChatError {
  return new ChatError(
    "context_too_long",
    `The conversation does not fit the model's context: ${room} tokens are there for it.`,
  );
}
