import { ChatError, type GenerateRequest, type Part, type PromptMessage } from "@parlor/core";
import type { Resolved } from "./options.ts";

export interface WireMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** The body of `POST /generate`. What is absent is left to the service. */
export interface RequestBody {
  readonly model_tag?: string;
  readonly messages: readonly WireMessage[];
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
  readonly max_tokens?: number;
  readonly stop?: readonly string[];
  readonly thinking_mode?: boolean;
}

export function toBody({ messages, settings: asked }: GenerateRequest, options: Resolved): RequestBody {
  const { temperature, topP, topK, maxTokens, stop, thinking, effort } = { ...options.settings, ...asked };
  const think = thinking ?? (effort === undefined ? undefined : effort !== "none");
  return {
    ...(options.model !== undefined && { model_tag: options.model }),
    messages: toWireMessages(messages, options.name),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
    ...(stop !== undefined && stop.length > 0 && { stop }),
    ...(think !== undefined && { thinking_mode: think }),
  };
}

/** Text alone, roles taking turns: chat templates refuse two messages of a user in a row. */
function toWireMessages(messages: readonly PromptMessage[], name: string): WireMessage[] {
  const joined: WireMessage[] = [];
  for (const { role, parts } of messages) {
    // Results of tools that an earlier backend had.
    if (role === "tool") continue;
    const content = textOf(parts, role === "user", name);
    const last = joined.at(-1);
    if (last?.role === role) joined[joined.length - 1] = { role, content: `${last.content}\n\n${content}` };
    else if (content !== "" || role === "user") joined.push({ role, content });
  }
  return joined;
}

function textOf(parts: readonly Part[], strict: boolean, name: string): string {
  let text = "";
  for (const part of parts) {
    if (part.type === "text") text += part.text;
    else if (strict) throw new ChatError("invalid_request", `${name} takes text from a user, not ${part.type}.`);
  }
  return text;
}
