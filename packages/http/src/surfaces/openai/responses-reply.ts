import { failureOf, type Part, type Turn, type TurnOutcome, type Usage } from "@parlor/core";
import { toCreated, toUsage } from "./chat-reply.ts";
import { toResponseId } from "./responses-input.ts";
import type { ResponsesBody } from "./responses-schemas.ts";

export interface Shown {
  readonly turn: Turn;
  readonly body: ResponsesBody;
  /** Whether a tool is the client's. */
  readonly isTheirs: (tool: string) => boolean;
}

/** The parts of an answer as this protocol's items: what the engine's own tools did is not shown. */
export function toItems({ turn, isTheirs }: Shown, parts: readonly Part[], outcome: TurnOutcome): readonly object[] {
  const items: object[] = [];
  let text = "";
  for (const part of parts) {
    if (part.type === "text") text += part.text;
    else if (part.type === "reasoning" && part.text !== "") items.push(reasoningItem(turn, items.length, part.text));
    else if (part.type === "tool-call" && isTheirs(part.name)) items.push(callItem(part));
  }
  // One message, as the protocol's own models give it, however many steps it took.
  if (text !== "" || items.length === 0) items.unshift(messageItem(turn, text, lastStatusOf(outcome)));
  return items;
}

/** `nth`: which message of the response it is; one that was thought about in between is two. */
export const messageItem = (turn: Turn, text: string, status = "completed", nth = 0) => ({
  type: "message",
  id: nth === 0 ? `msg_${turn.message}` : `msg_${turn.message}_${nth}`,
  role: "assistant",
  status,
  content: status === "in_progress" ? [] : [textPart(text)],
});

export const textPart = (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] });

export const reasoningItem = (turn: Turn, index: number, text: string, status = "completed") => ({
  type: "reasoning",
  id: `rs_${turn.message}_${index}`,
  summary: [],
  status,
  content: status === "in_progress" ? [] : [{ type: "reasoning_text", text }],
});

export const callItem = (
  { id, name, input }: { readonly id: string; readonly name: string; readonly input: unknown },
  status = "completed",
) => ({
  type: "function_call",
  id: `fc_${id}`,
  call_id: id,
  name,
  arguments: status === "completed" ? JSON.stringify(input ?? {}) : "",
  status,
});

/** The response around them. Without an outcome it still runs. */
export function toResponse(shown: Shown, output: readonly object[], outcome: TurnOutcome | undefined) {
  const { turn, body } = shown;
  const failure = outcome && failureOf(outcome);
  const text = output.flatMap((item) =>
    "content" in item && "role" in item ? (item.content as { text: string }[]) : [],
  );
  return {
    id: toResponseId(turn.key.id, turn.message),
    object: "response",
    created_at: toCreated(turn.createdAt),
    status: outcome === undefined ? "in_progress" : statusOf(outcome),
    model: turn.model,
    output,
    output_text: text.map((part) => part.text).join(""),
    error: failure ? { code: failure.code, message: failure.message } : null,
    incomplete_details: outcome?.status === "complete" ? incompleteOf(outcome) : null,
    instructions: body.instructions ?? null,
    previous_response_id: body.previous_response_id ?? null,
    parallel_tool_calls: true,
    tool_choice: body.tool_choice ?? "auto",
    tools: body.tools ?? [],
    temperature: body.temperature ?? null,
    top_p: body.top_p ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    store: turn.stored,
    usage: outcome?.usage ? toResponsesUsage(outcome.usage) : null,
  };
}

/** Of the item that was being written at the end. */
export const lastStatusOf = (outcome: TurnOutcome) => (statusOf(outcome) === "completed" ? "completed" : "incomplete");

function statusOf(outcome: TurnOutcome): string {
  if (outcome.status === "complete") return incompleteOf(outcome) ? "incomplete" : "completed";
  return failureOf(outcome) ? "failed" : "cancelled";
}

function incompleteOf({ finishReason }: TurnOutcome) {
  if (finishReason === "length") return { reason: "max_output_tokens" };
  return finishReason === "content-filter" ? { reason: "content_filter" } : null;
}

function toResponsesUsage(usage: Usage) {
  const counted = toUsage(usage);
  return {
    input_tokens: counted.prompt_tokens,
    input_tokens_details: counted.prompt_tokens_details,
    output_tokens: counted.completion_tokens,
    output_tokens_details: counted.completion_tokens_details,
    total_tokens: counted.total_tokens,
  };
}
