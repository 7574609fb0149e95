import type { FinishReason, Part, Reply, Usage } from "@parlor/core";

type ToolCall = Extract<Part, { type: "tool-call" }>;

const finishReasons: { readonly [reason in FinishReason]: string } = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
  other: "stop",
};

/** A turn that its user stopped ends like any other. */
export const toFinishReason = (reason: FinishReason | undefined) => finishReasons[reason ?? "stop"];

export const toCreated = (createdAt: string) => Math.floor(Date.parse(createdAt) / 1000);

export function toUsage(usage: Usage | undefined) {
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens = 0, reasoningTokens = 0 } = usage ?? {};
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}

export const toToolCall = ({ id, name, input }: Pick<ToolCall, "id" | "name" | "input">) => ({
  id,
  type: "function",
  function: { name, arguments: JSON.stringify(input ?? {}) },
});

/** `isTheirs`: whether a tool is the client's. What the engine's own tools did is not shown. */
export function toCompletion(reply: Reply, isTheirs: (tool: string) => boolean) {
  const calls = reply.parts.filter((part) => part.type === "tool-call" && isTheirs(part.name)) as readonly ToolCall[];
  return {
    id: `chatcmpl-${reply.message}`,
    object: "chat.completion",
    created: toCreated(reply.createdAt),
    model: reply.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: reply.text === "" && calls.length > 0 ? null : reply.text,
          refusal: null,
          ...(reply.reasoning !== "" && { reasoning_content: reply.reasoning }),
          ...(calls.length > 0 && { tool_calls: calls.map(toToolCall) }),
        },
        finish_reason: toFinishReason(reply.outcome.finishReason),
        logprobs: null,
      },
    ],
    usage: toUsage(reply.outcome.usage),
  };
}
