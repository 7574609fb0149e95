import type { TurnSummary } from "@parlor/core";
import { fingerprintOf } from "@parlor/http";

/** What the log says of a turn: who (hashed), where, how long, how much; never what was said. */
export function turnLine(summary: TurnSummary): object {
  const { outcome } = summary;
  return {
    request_id: summary.requestId,
    owner: fingerprintOf(summary.owner),
    session: summary.session,
    turn: summary.turn,
    provider: summary.provider,
    model: summary.model,
    status: summary.status,
    code: summary.code,
    finish_reason: outcome?.finishReason,
    usage: outcome?.usage,
    accepted_ms: rounded(summary.acceptedMs),
    first_event_ms: rounded(summary.firstEventMs),
    generation_ms: rounded(outcome?.generationMs),
    total_ms: rounded(summary.totalMs),
  };
}

const rounded = (ms: number | undefined) => ms && Math.round(ms * 1000) / 1000;
