import { createHash } from "node:crypto";
import type { TurnSummary } from "@parlor/core";

/** What the log says of a turn: who (hashed), where, how long, how much; never what was said. */
export function turnLine(summary: TurnSummary): object {
  const { outcome } = summary;
  return {
    request_id: summary.requestId,
    owner: createHash("sha256").update(summary.owner).digest("base64url").slice(0, 12),
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
