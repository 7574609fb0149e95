import type { Json } from "@parlor/core";
import type { ProviderReply, Wire } from "../provider/index.ts";

type JsonObject = { readonly [key: string]: Json };

/** A block of the answer, or a record of its own. */
export type Step =
  /** `content_block_start`, one `content_block_delta` for each delta, `content_block_stop`. */
  | { readonly block: JsonObject; readonly deltas: readonly JsonObject[] }
  /** A record with any JSON, under its `type` as event name unless it has another; null: without one. */
  | { readonly json: JsonObject; readonly event?: string | null }
  | { readonly comment: string }
  /** Text as it is, without framing. */
  | { readonly raw: string };

export interface FakeUsage {
  /** Without what was cached. */
  readonly input: number;
  readonly output: number;
  readonly cacheWritten?: number;
  readonly cacheRead?: number;
  readonly thinking?: number;
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
  /** Default `tool_use` after a tool call, else `end_turn`; null: neither `message_delta` nor `message_stop` comes. */
  readonly stopReason?: string | null;
  /** Of a refusal. */
  readonly stopDetails?: JsonObject;
  /** Default: 10 tokens in, one token a delta out. */
  readonly usage?: FakeUsage;
  readonly wire?: Wire;
}

export function text(...pieces: readonly string[]): Step {
  const deltas = pieces.map((piece) => ({ type: "text_delta", text: piece }));
  return { block: { type: "text", text: "" }, deltas };
}

/** Thoughts, and their signature in the last delta of the block. */
export function thinking(signature: string, ...pieces: readonly string[]): Step {
  return {
    block: { type: "thinking", thinking: "", signature: "" },
    deltas: [
      ...pieces.map((piece) => ({ type: "thinking_delta", thinking: piece })),
      { type: "signature_delta", signature },
    ],
  };
}

export function redactedThinking(data: string): Step {
  return { block: { type: "redacted_thinking", data }, deltas: [] };
}

/** A tool call: the JSON of its input in fragments, after the empty one that the real API sends first. */
export function toolUse(id: string, name: string, ...fragments: readonly string[]): Step {
  return {
    block: { type: "tool_use", id, name, input: {} },
    deltas: ["", ...fragments].map((fragment) => ({ type: "input_json_delta", partial_json: fragment })),
  };
}

export function ping(): Step {
  return { json: { type: "ping" } };
}

/** A failure in the middle of a stream. */
export function errorEvent(type: string, message = "The request failed"): Step {
  return { json: { type: "error", error: { type, message } } };
}

export interface FakeError {
  readonly type?: string;
  readonly message?: string;
  readonly details?: Json;
}

/** An HTTP failure in Anthropic's own shape. */
export function failure(status: number, error: FakeError = {}, headers: ProviderReply["headers"] = {}): ProviderReply {
  const body = {
    type: "error",
    error: { type: "api_error", message: "The request failed", details: null, ...error },
    request_id: "req_fake",
  };
  return {
    status,
    headers: { "content-type": "application/json", "request-id": "req_fake", ...headers },
    body: JSON.stringify(body),
  };
}
