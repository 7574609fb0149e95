import type { ChatError } from "@parlor/core";
import type { Answer } from "./answer.ts";
import { startOf } from "./body.ts";
import { nodeFetch, type NodeFetch } from "./node-fetch.ts";
import { retryAfterOf } from "./retry.ts";
import { fromTransport } from "./transport.ts";

export interface Asking<Body> {
  /** Sends a call; resolves at the headers of a successful answer. Throws ChatErrors. */
  readonly ask: (body: Body, signal: AbortSignal) => Promise<Answer>;
  /** Closes every connection. */
  readonly close: () => void;
}

/** An answer that is no success. */
export interface Refusal<Body> {
  readonly status: number;
  /** The first 64 K characters of what it says. */
  readonly text: string;
  /** What was asked. */
  readonly body: Body;
  readonly retryAfterMs: number | undefined;
}

export interface DirectOptions<Body> {
  /** The service, for sentences. */
  readonly name: string;
  /** Milliseconds for TCP and TLS together. */
  readonly connectMs: number;
  /** Made once: address, credentials and headers stay the same, and making them anew costs a short call more than its tokens do. */
  readonly request: () => Promise<{ readonly url: string; readonly headers: { readonly [name: string]: string } }>;
  readonly refused: (refusal: Refusal<Body>) => ChatError;
  /** In place of our own over node:http. */
  readonly fetch?: ((url: string, init?: RequestInit) => Promise<Response>) | undefined;
}

/** Posts bodies as JSON to one address, each to its own connection or a kept one. Redirects are not followed. */
export function askDirectly<Body>(options: DirectOptions<Body>): Asking<Body> {
  const { name, refused, fetch: given } = options;
  const { fetch, close }: NodeFetch = given ? { fetch: given, close() {} } : nodeFetch(options.connectMs);
  let request: ReturnType<typeof options.request> | undefined;

  async function ask(body: Body, signal: AbortSignal): Promise<Answer> {
    const { url, headers } = await (request ??= options.request());
    const post = { method: "POST", headers, body: JSON.stringify(body), signal, redirect: "manual" } as const;
    let answer: Answer;
    try {
      answer = await fetch(url, post);
    } catch (error) {
      throw fromTransport(name, error);
    }
    const { status } = answer;
    if (status >= 200 && status < 300) return answer;
    throw refused({
      status,
      text: await startOf(answer),
      body,
      retryAfterMs: retryAfterOf(answer.headers, Date.now()),
    });
  }
  return { ask, close };
}
