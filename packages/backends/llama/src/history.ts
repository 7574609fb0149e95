import { ChatError, type Part, type PromptMessage } from "@parlor/core";
import type { ChatHistoryItem, ChatModelFunctionCall, ChatModelResponse } from "node-llama-cpp";

/**
 * Text and tool use; reasoning of the past stays out, a picture or file of the past leaves a note, a new one is refused with
 * `invalid_request`. What a model says after a tool's result goes on the answer that called it, as the library has it.
 */
export function toHistory(messages: readonly PromptMessage[]): ChatHistoryItem[] {
  const history: ChatHistoryItem[] = [];
  const calls = new Map<string, ChatModelFunctionCall>();
  for (const [index, { role, parts }] of messages.entries()) {
    const isNew = index === messages.length - 1;
    if (role === "user" || role === "system") {
      const text = parts.map((part) => toText(part, isNew)).join("");
      if (role === "user" || text !== "") history.push({ type: role, text });
      continue;
    }
    const response = toResponse(parts, calls, isNew);
    const last = history.at(-1);
    if (last?.type === "model" && isCall(last.response.at(-1))) last.response.push(...response);
    else if (response.length > 0) history.push({ type: "model", response });
  }
  return history;
}

/** Fills in the results of calls that came before. */
function toResponse(
  parts: readonly Part[],
  calls: Map<string, ChatModelFunctionCall>,
  isNew: boolean,
): ChatModelResponse["response"] {
  const response: ChatModelResponse["response"] = [];
  let isFirst = true;
  for (const part of parts) {
    if (part.type === "tool-call") {
      const call = toCall(part.name, part.input, isFirst);
      calls.set(part.id, call);
      response.push(call);
      isFirst = false;
    } else if (part.type === "tool-result") {
      const result = part.isError ? { error: part.output } : part.output;
      const call = calls.get(part.id);
      if (call) call.result = result;
      else response.push({ ...toCall("unknown", {}, true), result });
    } else {
      const text = toText(part, isNew);
      const last = response.at(-1);
      if (typeof last === "string") response[response.length - 1] = last + text;
      else if (text !== "") response.push(text);
    }
  }
  return response;
}

function toCall(name: string, params: unknown, startsNewChunk: boolean): ChatModelFunctionCall {
  return { type: "functionCall", name, params, result: undefined, startsNewChunk };
}

function toText(part: Part, isNew: boolean): string {
  if (part.type === "text") return part.text;
  if (part.type !== "image" && part.type !== "audio" && part.type !== "file") return "";
  if (isNew)
    throw new ChatError("invalid_request", `This model reads text only, and the message holds ${part.type} data.`);
  return `[${part.type}]`;
}

/** What there is to tokenize, without what the template puts around it. */
export function textOf(item: ChatHistoryItem): string {
  if (item.type === "user") return item.text;
  if (item.type === "system") return typeof item.text === "string" ? item.text : "";
  return item.response
    .map((said) => {
      if (typeof said === "string") return said;
      return isCall(said) ? said.name + toJson(said.params) + toJson(said.result) : "";
    })
    .join("");
}

function isCall(said: ChatModelResponse["response"][number] | undefined): said is ChatModelFunctionCall {
  return typeof said === "object" && said.type === "functionCall";
}

const toJson = (value: unknown): string => JSON.stringify(value) ?? "";
