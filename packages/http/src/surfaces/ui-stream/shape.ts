import type { Message, Part, Turn } from "@parlor/core";
import { toClientId } from "./versions.ts";

type Result = Extract<Part, { type: "tool-result" }>;

/**
 * Stored messages as `UIMessage`s, as the stream makes them. Without the answer that is being written, which the stream brings from its
 * beginning, and without what that one is about to replace.
 */
export function toUIMessages(messages: readonly Message[]) {
  const replaced = messages.findLast(({ status }) => status === "streaming")?.meta?.supersedes;
  return messages.flatMap((message, index) => {
    const { id, role, parts, status, createdAt, meta } = message;
    if (role === "tool" || status === "streaming" || (role === "assistant" && parts.length === 0)) return [];
    if (replaced && message.seq >= replaced.from && message.seq <= replaced.to) return [];
    const metadata = { createdAt, ...(meta?.model !== undefined && { model: meta.model }), status };
    const shown = role === "assistant" ? toAnswer(parts, resultsOf(messages, index)) : parts.map(toSaid);
    return [{ id: toClientId(id), role, metadata, parts: shown }];
  });
}

/** What the stream says of an answer before it is there. */
export const toMetadata = ({ createdAt, model }: Turn) => ({ createdAt, model });

/** A part of what somebody said. */
export function toSaid(part: Part) {
  if (part.type === "text") return { type: part.type, text: part.text };
  if (part.type !== "image" && part.type !== "audio" && part.type !== "file") return { type: "text", text: "" };
  const { type, url, mediaType = type === "file" ? "application/octet-stream" : type } = part;
  return { type: "file", mediaType, url, ...(part.type === "file" && part.name && { filename: part.name }) };
}

/** Of its own tools, and those that a client sent after it. */
function resultsOf(messages: readonly Message[], index: number): ReadonlyMap<string, Result> {
  const results = new Map<string, Result>();
  for (let at = index; at === index || messages[at]?.role === "tool"; at += 1) {
    for (const part of messages[at]?.parts ?? []) if (part.type === "tool-result") results.set(part.id, part);
  }
  return results;
}

/** A step ends with what the tools gave, as in the stream. */
function toAnswer(parts: readonly Part[], results: ReadonlyMap<string, Result>) {
  const shown: object[] = [];
  let inStep = false;
  let blocks = 0;
  for (const part of parts) {
    if (part.type === "tool-result") inStep = false;
    if (part.type !== "text" && part.type !== "reasoning" && part.type !== "tool-call") continue;
    if (part.type !== "tool-call" && part.text === "") continue;
    if (!inStep) shown.push({ type: "step-start" });
    inStep = true;
    if (part.type === "tool-call") {
      shown.push(toTool(part, results.get(part.id)));
      continue;
    }
    const { type, text } = part;
    blocks += 1;
    shown.push({ type, text, state: "done", ...(type === "reasoning" && { id: String(blocks) }) });
  }
  return shown;
}

function toTool({ id: toolCallId, name, input }: Extract<Part, { type: "tool-call" }>, result: Result | undefined) {
  const tool = { type: `tool-${name}`, toolCallId };
  if (!result) return { ...tool, state: "input-available", input };
  if (result.isError) return { ...tool, state: "output-error", input, errorText: toErrorText(result.output) };
  return { ...tool, state: "output-available", input, output: result.output };
}

export const toErrorText = (output: unknown): string => (typeof output === "string" ? output : JSON.stringify(output));
