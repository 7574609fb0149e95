import type { ModelSettings, TurnInput } from "@parlor/core";
import type { Call } from "../route.ts";
import { invalid } from "./validate.ts";

interface ChatInput {
  readonly message?: string | undefined;
  readonly session_id: string;
  readonly temperature?: number | undefined;
  readonly max_tokens?: number | undefined;
}

/** A message to a session, with what else is asked. */
export function toTurnInput(input: ChatInput, call: Call, more: Partial<TurnInput> = {}): TurnInput {
  const { message, session_id: session, temperature, max_tokens: maxTokens } = input;
  if (message === undefined) throw invalid([{ path: "message", message: "Invalid input: expected a message" }]);
  const settings: ModelSettings = {
    ...(temperature !== undefined && { temperature }),
    ...(maxTokens !== undefined && { maxTokens }),
  };
  return turnOf(session, settings, call, { ...more, message });
}

/** What every surface asks of the engine alike, with what is said. */
export function turnOf(session: string, settings: ModelSettings, call: Call, what: Partial<TurnInput> = {}): TurnInput {
  const idempotencyKey = idempotencyKeyOf(call.request.headers["idempotency-key"]);
  return {
    owner: call.principal.id,
    session,
    settings,
    signal: () => call.request.signal,
    requestId: call.requestId,
    onQuotas: call.onQuotas,
    ...(call.limitKey !== undefined && { limitKey: call.limitKey }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...what,
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
