import type { ModelSettings, TurnInput } from "@parlor/core";
import type { Call } from "../route.ts";
import { invalid } from "./validate.ts";

interface ChatInput {
  readonly message?: string | undefined;
  readonly session_id: string;
  readonly temperature?: number | undefined;
  readonly max_tokens?: number | undefined;
}

/** What every surface asks of the engine alike. */
export function toTurnInput(input: ChatInput, call: Call): TurnInput {
  if (input.message === undefined) throw invalid([{ path: "message", message: "Invalid input: expected a message" }]);
  const idempotencyKey = idempotencyKeyOf(call.request.headers["idempotency-key"]);
  const settings: ModelSettings = {
    ...(input.temperature !== undefined && { temperature: input.temperature }),
    ...(input.max_tokens !== undefined && { maxTokens: input.max_tokens }),
  };
  return {
    owner: call.principal.id,
    session: input.session_id,
    message: input.message,
    settings,
    signal: call.request.signal,
    requestId: call.requestId,
    ...(call.limitKey !== undefined && { limitKey: call.limitKey }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
}

/** The field is a quoted string of RFC 9651; most clients send it bare. */
function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header.trim())?.[1];
  const key = quoted === undefined ? header.trim() : quoted.replace(/\\(.)/g, "$1");
  if (key.length < 1 || key.length > 255) {
    throw invalid([{ path: "Idempotency-Key", message: "1 to 255 characters" }]);
  }
  return key;
}
