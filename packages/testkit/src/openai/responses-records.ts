import type { Json } from "@parlor/core";
import type { Answer, Said } from "../backend/index.ts";

type JsonObject = { readonly [key: string]: Json };

const id = "resp_fake";

/** An answer as the events of a Responses stream, in their documented order; the last is the terminal one. */
export function toResponsesEvents({ said, finish, usage }: Answer): JsonObject[] {
  const events: JsonObject[] = [];
  const output: JsonObject[] = [];
  const base = {
    id,
    object: "response",
    created_at: 1_700_000_000,
    model: "fake",
    error: null,
    incomplete_details: null,
  };
  const add = (type: string, more: JsonObject): void =>
    void events.push({ type, sequence_number: events.length, ...more });
  const begun = { ...base, status: "in_progress", output: [], usage: null };
  add("response.created", { response: begun });
  add("response.in_progress", { response: begun });
  for (const group of grouped(said)) {
    const index = output.length;
    const item = toItem(group, index);
    add("response.output_item.added", {
      output_index: index,
      item: { ...item, ...emptied(item), status: "in_progress" },
    });
    for (const [type, more] of piecesOf(group)) {
      add(type, { item_id: item["id"] as string, output_index: index, ...more });
    }
    add("response.output_item.done", { output_index: index, item });
    output.push(item);
  }
  const details = { "content-filter": "content_filter", length: "max_output_tokens", other: "steered" } as const;
  const reason = finish !== undefined && finish in details ? details[finish as keyof typeof details] : undefined;
  const { inputTokens = 10, outputTokens = 5, cachedInputTokens = 0, reasoningTokens = 0 } = usage ?? {};
  const status = reason === undefined ? "completed" : "incomplete";
  add(`response.${status}`, {
    response: {
      ...base,
      status,
      incomplete_details: reason === undefined ? null : { reason },
      output,
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: cachedInputTokens },
        output_tokens: outputTokens,
        output_tokens_details: { reasoning_tokens: reasoningTokens },
        total_tokens: inputTokens + outputTokens,
      },
    },
  });
  return events;
}

/** Texts that follow one another are one item, thoughts too; each call is one. */
function grouped(said: readonly Said[]): Said[][] {
  const groups: Said[][] = [];
  for (const one of said) {
    const last = groups.at(-1);
    const kind = Object.keys(one)[0] as string;
    if (last?.[0] !== undefined && kind !== "call" && kind in last[0]) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

const wholeOf = (group: readonly Said[]): string =>
  group.map((one) => ("text" in one ? one.text : "reasoning" in one ? one.reasoning : "")).join("");

function toItem(group: readonly Said[], index: number): JsonObject {
  const [first] = group;
  if (first && "call" in first) {
    const { id: callId, name, fragments } = first.call;
    const called = { call_id: callId, name, arguments: fragments.join("") };
    return { type: "function_call", id: `fc_${index}`, status: "completed", ...called };
  }
  const text = wholeOf(group);
  if (first && "reasoning" in first) {
    const summary = [{ type: "summary_text", text }];
    return { type: "reasoning", id: `rs_${index}`, summary, encrypted_content: `gAAAA-${index}`, status: "completed" };
  }
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  return { type: "message", id: `msg_${index}`, role: "assistant", status: "completed", content };
}

/** What of an item is not there yet when it is announced. */
function emptied({ type }: JsonObject): JsonObject {
  if (type === "function_call") return { arguments: "" };
  return type === "reasoning" ? { summary: [] } : { content: [] };
}

function piecesOf(group: readonly Said[]): [type: string, more: JsonObject][] {
  const [first] = group;
  if (first && "call" in first) {
    const { fragments } = first.call;
    return [
      ...fragments.map((delta): [string, JsonObject] => ["response.function_call_arguments.delta", { delta }]),
      ["response.function_call_arguments.done", { arguments: fragments.join("") }],
    ];
  }
  const text = wholeOf(group);
  if (first && "reasoning" in first) {
    const at = { summary_index: 0 };
    return [
      ["response.reasoning_summary_part.added", { ...at, part: { type: "summary_text", text: "" } }],
      ...group.map((one): [string, JsonObject] => [
        "response.reasoning_summary_text.delta",
        { ...at, delta: "reasoning" in one ? one.reasoning : "" },
      ]),
      ["response.reasoning_summary_text.done", { ...at, text }],
      ["response.reasoning_summary_part.done", { ...at, part: { type: "summary_text", text } }],
    ];
  }
  const at = { content_index: 0 };
  const part = { type: "output_text", annotations: [], logprobs: [] };
  return [
    ["response.content_part.added", { ...at, part: { ...part, text: "" } }],
    ...group.map((one): [string, JsonObject] => [
      "response.output_text.delta",
      { ...at, delta: "text" in one ? one.text : "", logprobs: [] },
    ]),
    ["response.output_text.done", { ...at, text, logprobs: [] }],
    ["response.content_part.done", { ...at, part: { ...part, text } }],
  ];
}

/** A record of the stream, under its event's name. */
export function toResponsesRecord(event: JsonObject): string {
  return `event: ${event["type"] as string}\ndata: ${JSON.stringify(event)}\n\n`;
}
