import type Anthropic from "@anthropic-ai/sdk";
import type { Part, PromptMessage } from "@parlor/core";
import { toText } from "@parlor/wire";
import { toUserBlock } from "./content.ts";
import { toThought } from "./thoughts.ts";

type Block = Anthropic.ContentBlockParam;

export interface WireMessage {
  readonly role: "user" | "assistant";
  readonly content: Block[];
}

export interface Conversation {
  readonly system: string;
  readonly messages: readonly WireMessage[];
  /** A step of this turn called tools, and what it thought before is not there. */
  readonly thoughtless: boolean;
}

/**
 * Messages as Anthropic takes them: the system prompt apart, roles taking turns, a tool's result with the user. Thoughts go back,
 * verbatim, within the turn that thought them, where they are demanded; those of earlier turns are left out every time: they are
 * bound to all that stood before them, and a window moves.
 */
export function toConversation(prompt: readonly PromptMessage[], name: string): Conversation {
  const asked = prompt.findLastIndex(({ role }) => role === "user");
  const messages: WireMessage[] = [];
  const system: string[] = [];
  let thoughtless = false;
  const add = (role: WireMessage["role"], blocks: readonly Block[]): void => {
    const content = blocks.filter((block) => block.type !== "text" || block.text.trim() !== "");
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) messages.push({ role, content });
  };
  for (const [index, { role, parts }] of prompt.entries()) {
    if (role === "system") system.push(parts.map((part) => (part.type === "text" ? part.text : "")).join(""));
    else if (role === "user")
      add(
        "user",
        parts.map((part) => toUserBlock(part, name)),
      );
    else {
      const current = index > asked;
      thoughtless ||= current && parts.some((part) => part.type === "tool-call") && !parts.some(toThought);
      for (const part of parts) {
        const block = toBlock(part, current);
        if (block) add(block.type === "tool_result" ? "user" : "assistant", [block]);
      }
    }
  }
  return { system: system.filter((text) => text.trim() !== "").join("\n\n"), messages, thoughtless };
}

/** A part of an assistant's or a tool's message. */
function toBlock(part: Part, current: boolean): Block | undefined {
  if (part.type === "text") return { type: "text", text: part.text };
  if (part.type === "reasoning") return current ? toThought(part) : undefined;
  if (part.type === "tool-call") {
    return { type: "tool_use", id: toId(part.id), name: part.name, input: toInput(part.input) };
  }
  if (part.type !== "tool-result") return undefined;
  const failed = part.isError ? { is_error: true } : {};
  return { type: "tool_result", tool_use_id: toId(part.id), content: toText(part.output), ...failed };
}

/** Ids of other providers may hold what Anthropic does not take. */
function toId(id: string): string {
  return id.replace(/[^\w-]/g, "_");
}

/** It must be an object, also where the model wrote something else. */
function toInput(input: unknown): unknown {
  return typeof input === "object" && input !== null && !Array.isArray(input) ? input : { input };
}
