import type { Claim, TurnRecord } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import { erasing } from "./admission.ts";
import { fold } from "./fold.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Parts } from "./parts.ts";
import type { TurnInput } from "./types.ts";
import { busy } from "./waiting-line.ts";

type Won = { readonly claim: Claim } | { readonly repeat: TurnRecord };

/** Gets the session for this turn, waiting in line if need be; or the turn that its idempotency key has already. */
export async function claimSession(parts: Parts, turn: LiveTurn, input: TurnInput): Promise<Won> {
  const idempotency = input.idempotencyKey === undefined ? undefined : await idempotencyOf(input, input.idempotencyKey);
  const queue = (input.onBusy ?? parts.busy.policy) === "queue";

  const attempt = async (): Promise<Won | undefined> => {
    for (;;) {
      const result = await turn.log.turns.claim(turn.key, turn, {
        leaseMs: turn.stored ? parts.leaseMs : Infinity,
        ...(idempotency && { idempotency }),
      });
      if (result.kind === "won") return { claim: result.claim };
      if (result.kind === "repeat") return { repeat: result.turn };
      if (result.kind === "mismatch")
        throw new ChatError(
          "idempotency_mismatch",
          "This Idempotency-Key came with another body before. Use a new key for a new request.",
        );
      if (result.kind === "erasing") throw erasing();
      if (result.kind === "unsettled" && (await fold(parts, result.turn))) continue;
      if (queue) return undefined;
      throw busy("it has to end first", result.kind === "busy" ? result.leaseMs : parts.leaseMs);
    }
  };

  // A retry of what runs or waits already must find its turn, however long the line is.
  if (!parts.line.has(turn.key) || idempotency) {
    const won = await attempt();
    if (won) return won;
  } else if (!queue) throw busy("others wait for it", 1_000);
  const signal = typeof input.signal === "function" ? input.signal() : input.signal;
  return parts.line.wait(turn.key, signal, attempt);
}

async function idempotencyOf(input: TurnInput, key: string) {
  const {
    owner: _owner,
    signal: _signal,
    requestId: _requestId,
    idempotencyKey: _key,
    onBusy: _onBusy,
    onClaim: _onClaim,
    messageId: _id,
    limitKey: _limitKey,
    onQuotas: _onQuotas,
    session,
    ...rest
  } = input;
  const asked = input.idempotencyBody === undefined ? rest : withoutDerived(rest);
  const body = input.isNewSession ? asked : { ...asked, session };
  const bytes = new TextEncoder().encode(JSON.stringify(body, sortedKeys));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return {
    key,
    kind: "regenerate" in asked && asked.regenerate ? "regenerate" : "message",
    bodyHash: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}

/** By the time of a retry the session holds more, and the same request comes to others of these. */
function withoutDerived({ message: _message, editOf: _editOf, regenerate: _regenerate, ...rest }: Partial<TurnInput>) {
  return rest;
}

/** Bodies that say the same hash the same, whatever the order of their keys. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
