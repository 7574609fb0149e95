import type { Json } from "@parlor/core";
import type { Wire } from "../provider/index.ts";

type JsonObject = { readonly [key: string]: Json };

/** One record of the stream. */
export type GeminiStep =
  /** A chunk whose only candidate has this one part. */
  | { readonly part: JsonObject }
  /** A chunk as it is. */
  | { readonly chunk: Json }
  | { readonly comment: string }
  /** Text as it is, without framing. */
  | { readonly raw: string };

export interface GeminiUsage {
  /** With those that were cached. */
  readonly prompt: number;
  /** Without thoughts. */
  readonly candidates: number;
  readonly cached?: number;
  readonly thoughts?: number;
}

export interface GeminiReply {
  /** Before the headers; milliseconds. */
  readonly delayMs?: number;
  /** Default 200. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Sent in place of an answer, whatever was asked. */
  readonly body?: string;
  readonly steps?: readonly GeminiStep[];
  /** Default `STOP`, after function calls too; null: the stream never says. */
  readonly finish?: string | null;
  /** Rides on the finishing chunk's part, whose text is empty. */
  readonly signature?: string;
  /** A running total on every chunk; default: 10 prompt tokens, one token a part. Null: never told. */
  readonly usage?: GeminiUsage | null;
  readonly wire?: Wire;
}

export function parts(...pieces: readonly JsonObject[]): GeminiStep[] {
  return pieces.map((part) => ({ part }));
}

export function text(...pieces: readonly string[]): GeminiStep[] {
  return pieces.map((piece) => ({ part: { text: piece } }));
}

/** What the model thinks, as a summary. */
export function thoughts(...pieces: readonly string[]): GeminiStep[] {
  return pieces.map((piece) => ({ part: { text: piece, thought: true } }));
}

/** A function call comes whole, in one part; `more` is its id, `more.thoughtSignature` the part's. */
export function functionCall(
  name: string,
  args: JsonObject,
  more: { id?: string; signature?: string } = {},
): GeminiStep {
  const { id, signature } = more;
  return {
    part: {
      functionCall: { ...(id !== undefined && { id }), name, args },
      ...(signature !== undefined && { thoughtSignature: signature }),
    },
  };
}

/** HTTP 200 with no candidate. */
export function blockedPrompt(blockReason = "SAFETY"): GeminiReply {
  const usageMetadata = { promptTokenCount: 10, totalTokenCount: 10 };
  return { steps: [{ chunk: { promptFeedback: { blockReason }, usageMetadata } }], finish: null };
}

/** A failure's body in Google's shape: https://google.aip.dev/193 */
export function errorBody(code: number, status: string, message: string, details: readonly Json[] = []): Json {
  return { error: { code, message, status, ...(details.length > 0 && { details: [...details] }) } };
}

/** An HTTP failure in Google's own shape, spread over lines as Google does. */
export function failure(
  code: number,
  status: string,
  told: { readonly message?: string; readonly details?: readonly Json[] } = {},
): GeminiReply {
  const { message = "The request failed.", details } = told;
  return {
    status: code,
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: `${JSON.stringify(errorBody(code, status, message, details), undefined, 2)}\n`,
  };
}

export function retryInfo(retryDelay: string): Json {
  return { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay };
}

export function quotaFailure(quotaId: string): Json {
  const quotaMetric = "generativelanguage.googleapis.com/generate_content_free_tier_requests";
  return { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaMetric, quotaId }] };
}

export function errorInfo(reason: string): Json {
  return { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" };
}
