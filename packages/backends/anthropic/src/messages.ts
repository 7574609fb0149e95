import type Anthropic from "@anthropic-ai/sdk";
import type { Json, Part, PromptMessage } from "@parlor/core";
import { toText } from "@parlor/wire";
import { toUserBlock } from "./content.ts";

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
      thoughtless ||= current && parts.some((part) => part.type === "tool-call") && !parts.some(thoughtsOf);
      addAnswers(parts, current, add);
    }
  }
  return { system: system.filter((text) => text.trim() !== "").join("\n\n"), messages, thoughtless };
}

/** An assistant's or a tool's parts, in their order. */
function addAnswers(
  parts: readonly Part[],
  current: boolean,
  add: (role: WireMessage["role"], blocks: readonly Block[]) => void,
): void {
  // What was said before a call stands among the thoughts that go with it.
  const verbatim = current && parts.some(thoughtsOf);
  for (const part of parts) {
    if (part.type === "text" && !verbatim) add("assistant", [{ type: "text", text: part.text }]);
    else if (part.type === "tool-call") {
      const call = { type: "tool_use", id: toId(part.id), name: part.name, input: toInput(part.input) } as const;
      add("assistant", [...((verbatim && thoughtsOf(part)) || []), call]);
    } else if (part.type === "tool-result") {
      const failed = part.isError ? { is_error: true } : {};
      add("user", [{ type: "tool_result", tool_use_id: toId(part.id), content: toText(part.output), ...failed }]);
    }
  }
}

/** Under the meta of a tool call: what the model thought and said before it, as it came. */
export const metaKey = "anthropic";

function thoughtsOf({ type, meta }: Part): readonly Block[] | undefined {
  const kept: Json | undefined = type === "tool-call" ? meta?.[metaKey] : undefined;
  if (typeof kept !== "object" || kept === null || !("before" in kept)) return undefined;
  return Array.isArray(kept.before) ? (kept.before as Block[]) : undefined;
}

/** Ids of other providers may hold what Anthropic does not take. */
function toId(id: string): string {
  return id.replace(/[^\w-]/g, "_");
}

/** It must be an object, also where the model wrote something else. */
function toInput(input: unknown): unknown {
  return typeof input === "object" && input !== null && !Array.isArray(input) ? input : { input };
}
