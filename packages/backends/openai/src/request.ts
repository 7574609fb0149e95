import { ChatError, type GenerateRequest, type ModelSettings, type Part, type PromptMessage } from "@parlor/core";
import type OpenAI from "openai";
import type { Resolved } from "./options.ts";

export type RequestBody = OpenAI.ChatCompletionCreateParamsStreaming;
type WireMessage = OpenAI.ChatCompletionMessageParam;
type WireCall = OpenAI.ChatCompletionMessageFunctionToolCall;
type UserContent = OpenAI.ChatCompletionContentPart;

/** The body of a Chat Completions call. Reasoning is not sent back; `topK` has no field in this protocol. */
export function toBody(request: GenerateRequest, options: Resolved): RequestBody {
  const settings = { ...options.settings, ...request.settings };
  return {
    model: options.model,
    messages: joinUsers(request.messages.flatMap((message) => toWireMessages(message, options.name))),
    stream: true,
    stream_options: { include_usage: true },
    ...toWireSettings(settings, options.official),
    ...options.extraBody,
  };
}

function toWireSettings(settings: ModelSettings, official: boolean): Partial<RequestBody> {
  const { temperature, topP, maxTokens, stop } = settings;
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    // OpenAI deprecated `max_tokens`, and its reasoning models refuse it; others know nothing else.
    ...(maxTokens !== undefined && { [official ? "max_completion_tokens" : "max_tokens"]: maxTokens }),
    ...(stop !== undefined && stop.length > 0 && { stop: [...stop] }),
  };
}

function toWireMessages(message: PromptMessage, name: string): WireMessage[] {
  const { role, parts } = message;
  if (role === "system") return [{ role, content: textOf(parts) }];
  if (role === "user") return [{ role, content: toUserContent(parts, name) }];
  return toAnswers(parts);
}

/** An assistant's or a tool's parts: what came before a tool's result is one message, the result the next. */
function toAnswers(parts: readonly Part[]): WireMessage[] {
  const messages: WireMessage[] = [];
  let said = "";
  let calls: WireCall[] = [];
  const flush = (): void => {
    const content = said === "" ? null : said;
    if (calls.length > 0) messages.push({ role: "assistant", content, tool_calls: calls });
    else if (content !== null) messages.push({ role: "assistant", content });
    [said, calls] = ["", []];
  };
  for (const part of parts) {
    if (part.type === "text") said += part.text;
    else if (part.type === "tool-call") {
      const call = { name: part.name, arguments: toText(part.input) };
      calls.push({ id: part.id, type: "function", function: call });
    } else if (part.type === "tool-result") {
      flush();
      messages.push({ role: "tool", tool_call_id: part.id, content: toText(part.output) });
    }
  }
  flush();
  return messages;
}

function toUserContent(parts: readonly Part[], name: string): string | UserContent[] {
  const [first] = parts;
  if (first?.type === "text" && parts.length === 1) return first.text;
  const content: UserContent[] = [];
  for (const part of parts) {
    if (part.type === "text") content.push({ type: "text", text: part.text });
    else if (part.type === "image") content.push({ type: "image_url", image_url: { url: part.url } });
    else throw new ChatError("invalid_request", `${name} takes text and images from a user, not ${part.type}.`);
  }
  return content;
}

/** An answer that failed leaves two user messages in a row, which strict chat templates refuse. */
function joinUsers(messages: readonly WireMessage[]): WireMessage[] {
  const joined: WireMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last?.role !== "user" || message.role !== "user") joined.push(message);
    else joined[joined.length - 1] = { role: "user", content: joinContents(last.content, message.content) };
  }
  return joined;
}

function joinContents(first: string | UserContent[], second: string | UserContent[]): string | UserContent[] {
  if (typeof first === "string" && typeof second === "string") return `${first}\n\n${second}`;
  const toParts = (content: string | UserContent[]): UserContent[] =>
    typeof content === "string" ? [{ type: "text", text: content }] : content;
  return [...toParts(first), ...toParts(second)];
}

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
}

/** An estimate: a quarter of the characters and 4 for each message; 1,000 for an image or a file. */
export function estimateTokens(messages: readonly PromptMessage[]): number {
  let tokens = 0;
  for (const { parts } of messages) {
    let characters = 0;
    tokens += 4;
    for (const part of parts) {
      if (part.type === "text") characters += part.text.length;
      else if (part.type === "tool-call") characters += part.name.length + toText(part.input).length;
      else if (part.type === "tool-result") characters += toText(part.output).length;
      else if (part.type !== "reasoning") tokens += 1000;
    }
    tokens += Math.ceil(characters / 4);
  }
  return tokens;
}
