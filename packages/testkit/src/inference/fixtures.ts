import type { FinishReason } from "@parlor/core";
import type { Asked, FailureCode, ProviderFixtures } from "../backend/index.ts";
import { failure as toFailure, toRecord } from "./server.ts";

const reasons: { readonly [reason in FinishReason]: string } = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
  other: "unheard_of",
};

const statuses: { readonly [code in FailureCode]: number } = {
  backend_auth: 401,
  backend_quota: 402,
  backend_rate_limited: 429,
  backend_overloaded: 503,
  backend_timeout: 504,
  backend_bad_request: 422,
  backend_error: 500,
  context_too_long: 413,
  content_filter: 400,
};

interface WireRequest {
  readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
  readonly max_tokens?: number;
}

/** How an inference service speaks, for `backendConformance`. */
export const inferenceService: ProviderFixtures = {
  answer({ said, finish = "stop", usage }) {
    const { inputTokens = 10, outputTokens = 5 } = usage ?? {};
    const records = said.map((one) =>
      toRecord("text" in one ? { token: one.text } : "reasoning" in one ? { reasoning: one.reasoning } : {}),
    );
    const counts = { prompt_tokens: inputTokens, completion_tokens: outputTokens };
    records.push(toRecord({ done: true, finish_reason: reasons[finish], usage: counts }));
    return { records, whole: records.length - 1 };
  },
  failure({ code, message, retryAfterSeconds }) {
    const headers = retryAfterSeconds === undefined ? {} : { "retry-after": `${retryAfterSeconds}` };
    return toFailure(statuses[code], { error: message, code }, headers);
  },
  failureInStream: ({ code, message }) => toRecord({ error: message, code }),
  asked({ body }): Asked {
    const { messages, max_tokens: maxTokens } = body as unknown as WireRequest;
    const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
    return {
      ...(system.length > 0 && { system: system.join("\n") }),
      messages: messages.flatMap(({ role, content }) => (role === "system" ? [] : [{ role, text: content }])),
      ...(maxTokens !== undefined && { maxTokens }),
    };
  },
};
