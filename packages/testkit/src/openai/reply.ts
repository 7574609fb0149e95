import type { Json } from "@parlor/core";
import type { Wire } from "../provider/index.ts";

type JsonObject = { readonly [key: string]: Json };

/** One record of the stream. */
export type Step =
  /** A chunk whose only choice has this delta. */
  | { readonly delta: JsonObject }
  /** A record with any JSON, under an `event:` name if it has one. */
  | { readonly json: Json; readonly event?: string }
  /** A record with any data, JSON or not. */
  | { readonly data: string }
  | { readonly comment: string }
  /** Text as it is, without framing. */
  | { readonly raw: string };

/** Where providers put what a model thinks. */
export type ReasoningCarrier =
  | "reasoning_content"
  | "reasoning"
  | "reasoning_details"
  /** Each record repeats the whole thought so far. */
  | "reasoning_details_cumulative"
  /** Between `<think>` tags in the content. */
  | "think";

export interface FakeUsage {
  readonly prompt: number;
  readonly completion: number;
  readonly cached?: number;
  readonly reasoning?: number;
}

export interface FakeReply {
  /** Before the headers; milliseconds. */
  readonly delayMs?: number;
  /** Default 200. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Sent in place of an answer, whatever was asked. */
  readonly body?: string;
  readonly steps?: readonly Step[];
  /** Default `tool_calls` after a tool call, else `stop`; null: the stream never says. */
  readonly finish?: string | null;
  /** Default: 10 prompt tokens, one token a delta; null: never told. */
  readonly usage?: FakeUsage | null;
  /** `x_groq`: in the finishing chunk, as Groq does. Default: a chunk of its own, when the request asked for it. */
  readonly usageIn?: "chunk" | "x_groq";
  /** Whether `data: [DONE]` comes; default true. */
  readonly done?: boolean;
  readonly wire?: Wire;
}

export function text(...pieces: readonly string[]): Step[] {
  return pieces.map((content) => ({ delta: { content } }));
}

export function reasoning(carrier: ReasoningCarrier, ...pieces: readonly string[]): Step[] {
  if (carrier === "think") return text("<think>", ...pieces, "</think>");
  let sofar = "";
  return pieces.map((piece) => {
    sofar += piece;
    if (carrier === "reasoning_details") return { delta: { reasoning_details: [{ text: piece }] } };
    if (carrier === "reasoning_details_cumulative") return { delta: { reasoning_details: [{ text: sofar }] } };
    return { delta: { [carrier]: piece } };
  });
}

/** A tool call: id and name in the first record, then one record per fragment of its arguments. */
export function toolCall(index: number, id: string, name: string, ...fragments: readonly string[]): Step[] {
  return [
    { delta: { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] } },
    ...fragments.map((fragment) => ({ delta: { tool_calls: [{ index, function: { arguments: fragment } }] } })),
  ];
}

/** An HTTP failure in OpenAI's own shape. */
export function failure(
  status: number,
  error: { readonly message?: string; readonly type?: string; readonly code?: string | null },
  headers: { readonly [name: string]: string } = {},
): FakeReply {
  const body = { error: { message: "The request failed", type: "api_error", param: null, code: null, ...error } };
  return {
    status,
    headers: { "content-type": "application/json", "x-request-id": "req_fake", ...headers },
    body: JSON.stringify(body),
  };
}

/** An answer of `count` small tokens, `perWrite` of them a write, one write every `paceMs`. */
export function repliesOf(count: number, perWrite = count, paceMs = 0): FakeReply {
  const pieces = Array.from({ length: count }, (_, index) => ` tok${index % 1000}`);
  return { steps: text(...pieces), wire: { perWrite, paceMs } };
}
