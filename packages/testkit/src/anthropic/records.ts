import type { Json } from "@parlor/core";
import type { FakeReply, FakeUsage, Step } from "./reply.ts";

type JsonObject = { readonly [key: string]: Json };

/** The stream as SSE records, `\n` as line end. */
export function toRecords(reply: FakeReply, model: string): string[] {
  const { steps = [] } = reply;
  const usage = usageOf(reply);
  const records = [record({ type: "message_start", message: { ...message(model), usage: toUsage(usage, 1) } })];
  let index = 0;
  for (const step of steps) {
    if (!("block" in step)) {
      records.push(toRecord(step));
      continue;
    }
    records.push(record({ type: "content_block_start", index, content_block: step.block }));
    // The real API sends its first ping here.
    if (index === 0) records.push(record({ type: "ping" }));
    for (const delta of step.deltas) records.push(record({ type: "content_block_delta", index, delta }));
    records.push(record({ type: "content_block_stop", index }));
    index++;
  }
  const stop = stopOf(reply);
  if (stop === null) return records;
  const delta = { stop_reason: stop, stop_sequence: null, stop_details: reply.stopDetails ?? null };
  records.push(record({ type: "message_delta", delta, usage: toUsage(usage, usage.output) }));
  records.push(record({ type: "message_stop" }));
  return records;
}

/** The same answer in one piece. */
export function toMessage(reply: FakeReply, model: string): Json {
  const usage = usageOf(reply);
  return {
    ...message(model),
    content: (reply.steps ?? []).flatMap((step) => ("block" in step ? [whole(step.block, step.deltas)] : [])),
    stop_reason: stopOf(reply),
    stop_details: reply.stopDetails ?? null,
    usage: toUsage(usage, usage.output),
  };
}

function message(model: string): JsonObject {
  return {
    id: "msg_fake",
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

function whole(block: JsonObject, deltas: readonly JsonObject[]): JsonObject {
  const all = (field: string): string => deltas.map((delta) => (delta[field] as string | undefined) ?? "").join("");
  if (block["type"] === "text") return { ...block, text: all("text") };
  if (block["type"] === "thinking") return { ...block, thinking: all("thinking"), signature: all("signature") };
  const input = all("partial_json");
  return input === "" ? block : { ...block, input: JSON.parse(input) as Json };
}

function toRecord(step: Exclude<Step, { readonly block: unknown }>): string {
  if ("raw" in step) return step.raw;
  if ("comment" in step) return `: ${step.comment}\n\n`;
  return record(step.json, step.event);
}

/** Every record has its type as event name; the SDK drops those without one. */
function record(json: JsonObject, event: string | null | undefined = json["type"] as string): string {
  return `${event === null ? "" : `event: ${event}\n`}data: ${JSON.stringify(json)}\n\n`;
}

function stopOf(reply: FakeReply): string | null {
  if (reply.stopReason !== undefined) return reply.stopReason;
  const called = reply.steps?.some((step) => "block" in step && step.block["type"] === "tool_use");
  return called ? "tool_use" : "end_turn";
}

function usageOf({ usage, steps = [] }: FakeReply): FakeUsage {
  return (
    usage ?? { input: 10, output: steps.reduce((sum, step) => sum + ("block" in step ? step.deltas.length : 0), 0) }
  );
}

/** Counts are cumulative: those of the last record are those of the answer. */
function toUsage({ input, cacheWritten = 0, cacheRead = 0, thinking }: FakeUsage, output: number): JsonObject {
  return {
    input_tokens: input,
    cache_creation_input_tokens: cacheWritten,
    cache_read_input_tokens: cacheRead,
    output_tokens: output,
    output_tokens_details: thinking === undefined ? null : { thinking_tokens: thinking },
    server_tool_use: null,
  };
}
