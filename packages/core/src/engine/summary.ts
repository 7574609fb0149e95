import { ChatError } from "../errors/index.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Parts } from "./parts.ts";
import type { TurnInput, TurnSummary } from "./types.ts";

/** Monotonic milliseconds. */
export interface Times {
  readonly startedAt: number;
  acceptedAt?: number;
}

/** What is told of a turn after it ended: no text, no secrets. */
export function summarise(
  parts: Parts,
  turn: LiveTurn,
  input: TurnInput,
  times: Times,
  refusal?: unknown,
): TurnSummary {
  const told = turn.outcome?.error?.code ?? turn.failure?.code;
  const code = refusal === undefined ? told : ChatError.isInstance(refusal) ? refusal.code : "internal";
  return {
    owner: input.owner,
    ...(input.session !== undefined && { session: input.session }),
    turn: turn.id,
    model: turn.model,
    provider: turn.uses.backend.info.provider,
    ...(input.requestId !== undefined && { requestId: input.requestId }),
    status: refusal === undefined ? (turn.outcome?.status ?? "failed") : "refused",
    ...(code !== undefined && { code }),
    ...(turn.outcome && { outcome: turn.outcome }),
    ...(times.acceptedAt !== undefined && { acceptedMs: times.acceptedAt - times.startedAt }),
    ...(turn.firstEventAt !== undefined && { firstEventMs: turn.firstEventAt - times.startedAt }),
    totalMs: parts.clock.monotonic() - times.startedAt,
  };
}
