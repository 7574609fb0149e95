import type { Part, PromptMessage } from "@parlor/core";
import { toText } from "@parlor/wire";
import type OpenAI from "openai";
import { toUserContent, type UserContent } from "./content.ts";
import { detailsIn } from "./kept-details.ts";
import type { Service } from "./service.ts";

type WireMessage = OpenAI.ChatCompletionMessageParam;
type WireCall = OpenAI.ChatCompletionMessageFunctionToolCall;

/** Who reads the messages. */
interface Reader {
  readonly name: string;
  readonly model: string;
  readonly service: Service;
}

/** A prompt as Chat Completions has it. Throws `invalid_request` for what the service cannot take. */
export function toWireMessages(messages: readonly PromptMessage[], reader: Reader): WireMessage[] {
  const asked = messages.findLastIndex(({ role }) => role === "user");
  const wire = messages.flatMap(({ role, parts }, index): WireMessage[] => {
    if (role === "system") return [{ role, content: textOf(parts) }];
    if (role === "user") return [{ role, content: toUserContent(parts, reader.service) }];
    return toAnswers(parts, index > asked ? reader : undefined);
  });
  return joinUsers(wire);
}

/**
 * An assistant's or a tool's parts: what came before a tool's result is one message, the result the next. `reader`: who gets
 * thoughts back. Models want those of the turn under way; earlier ones they pass over, and they would be paid for.
 */
function toAnswers(parts: readonly Part[], reader: Reader | undefined): WireMessage[] {
  const messages: WireMessage[] = [];
  let said = "";
  let thoughts: Part[] = [];
  let calls: WireCall[] = [];
  const flush = (): void => {
    const content = said === "" ? null : said;
    if (content !== null || calls.length > 0) {
      const message = { role: "assistant", content, ...(calls.length > 0 && { tool_calls: calls }) } as const;
      messages.push({ ...message, ...(reader && toReasoning(thoughts, reader)) });
    }
    [said, thoughts, calls] = ["", [], []];
  };
  for (const part of parts) {
    if (part.type === "text") said += part.text;
    else if (part.type === "reasoning") thoughts.push(part);
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

/** Thoughts in the field that the service reads them from. */
function toReasoning(thoughts: readonly Part[], { name, model, service }: Reader): object {
  const { returnReasoning: field, keepsDetails } = service;
  if (field === undefined || thoughts.length === 0) return {};
  if (field !== "reasoning_details") return { [field]: textOf(thoughts) };
  if (!keepsDetails) return { reasoning_details: [{ type: "reasoning.text", text: textOf(thoughts) }] };
  const details = thoughts.flatMap((thought) => detailsIn(thought, name, model));
  return details.length > 0 ? { reasoning_details: details } : {};
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

export function textOf(parts: readonly Part[]): string {
  return parts.map((part) => ("text" in part ? part.text : "")).join("");
}
