import type { Claim, NewMessage, TurnOutcome, TurnRecord } from "../contracts/index.ts";
import { ChatError } from "../errors/index.ts";
import type { Grant } from "../limits/index.ts";
import { claimSession } from "./claim.ts";
import { settleMessage } from "./fold.ts";
import { generate } from "./generate.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { Parts } from "./parts.ts";
import { type Opened, openSession, sayings } from "./prompt.ts";
import { roughTokens } from "../truncation/index.ts";
import type { TurnInput } from "./types.ts";

export interface Acceptance {
  /** The user's message is stored: from here nothing is lost. */
  readonly accept: () => void;
  /** Its idempotency key has this turn already. */
  readonly repeat: (turn: TurnRecord) => void;
}

/**
 * A turn, from top to bottom. Rejects only before it is accepted: then nothing was stored, but for `store_unavailable`, where nobody knows.
 * Afterwards every failure is an outcome that its readers get and its message keeps.
 */
export async function runTurn(parts: Parts, turn: LiveTurn, input: TurnInput, acceptance: Acceptance): Promise<void> {
  // 1. What is said, counted, before anything is claimed.
  const said = await sayings(parts, turn, input);

  // 2. The session is ours, or its idempotency key knows this turn already.
  const claimed = await claimSession(parts, turn, input);
  if ("repeat" in claimed) return acceptance.repeat(claimed.repeat);
  turn.claim = claimed.claim;
  parts.live.add(turn);
  parts.pulse.start();

  try {
    // 3. The owner's limits allow it.  4. The user's message is stored, and what the model may need of the past is loaded.
    const { grant, opened } = await admit(parts, turn, input, said);
    acceptance.accept();

    // 5. The model answers; every read goes to the log and then to the readers.
    const outcome = await generate(parts, turn, input, opened);

    // 6. The log says how it ended, then the message, then the readers.
    await finish(parts, turn, opened, outcome);
    const { inputTokens = 0, outputTokens = 0 } = outcome.usage ?? {};
    const settling = parts.limiter.settle(grant, turn.id, inputTokens + outputTokens);
    if (settling) await quietly(parts, "settling limits", settling);
  } finally {
    parts.live.delete(turn);
    parts.line.wake(turn.key);
  }
}

/** Steps 3 and 4; a refusal gives everything back, the idempotency key too. */
async function admit(parts: Parts, turn: LiveTurn, input: TurnInput, said: readonly NewMessage[]) {
  let grant: Grant | undefined;
  let opening = false;
  try {
    parts.admission.check(input.owner);
    if (input.onClaim) await input.onClaim();
    const mayAnswer = input.settings?.maxTokens ?? turn.uses.settings.maxTokens ?? 1_024;
    const taking = parts.limiter.take(turn.limitKey, turn.id, mayAnswer + estimateSaid(input, said));
    grant = taking instanceof Promise ? await taking : taking;
    input.onQuotas?.(grant.quotas);
    opening = true;
    return { grant, opened: await openSurely(parts, turn, input, said) };
  } catch (error) {
    const giving = grant && parts.limiter.settle(grant, turn.id, 0);
    if (giving) await quietly(parts, "giving limits back", giving);
    // Whether the message is there is then for the fold to find out, once the lease has run out.
    const mayBeStored = opening && isUnknown(error);
    if (!mayBeStored) await quietly(parts, "releasing a session", turn.log.turns.release(turn.claim as Claim));
    turn.abandon(ChatError.from(error, "internal", "The turn was refused."));
    throw error;
  }
}

/** Idempotent by message id, so what may have been stored is simply stored again. */
async function openSurely(...what: Parameters<typeof openSession>): Promise<Opened> {
  try {
    return await openSession(...what);
  } catch (error) {
    if (isUnknown(error)) return openSession(...what);
    throw error;
  }
}

/** Tokens of what is said now; of a stateless call, which is counted only when its prompt is built, about. */
function estimateSaid({ session, messages = [] }: TurnInput, said: readonly NewMessage[]): number {
  const uncounted = session === undefined ? messages : [];
  return said.reduce((sum, { tokens = 0 }) => sum + tokens, roughTokens(uncounted));
}

const isUnknown = (error: unknown) => !ChatError.isInstance(error) || error.code === "store_unavailable";

/** Step 6. Never rejects: what the store did not take is folded by whoever meets it next. */
async function finish(parts: Parts, turn: LiveTurn, opened: Opened, outcome: TurnOutcome): Promise<void> {
  if (!turn.isLogged) await turn.logged();
  if (turn.over) return;
  turn.ending = true;
  try {
    if (!(await turn.log.turns.end(turn.claim as Claim, outcome))) {
      return turn.abandon(new ChatError("lease_lost", "Another node has taken this turn over."));
    }
  } catch (error) {
    return turn.abandon(
      ChatError.from(error, "store_unavailable", "The store could not be reached when the answer was complete."),
    );
  }
  const answer =
    opened.answer && turn.leftOut > 0
      ? { ...opened.answer, meta: { ...opened.answer.meta, leftOut: turn.leftOut } }
      : opened.answer;
  try {
    if (answer) await settleMessage(parts, turn, answer, turn.answer, outcome);
    await turn.log.turns.settled(turn.key, turn.id);
  } catch (error) {
    parts.report(error, "settling a turn");
  }
  turn.end(outcome);
  parts.announce(turn);
}

function quietly(parts: Parts, during: string, work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => parts.report(error, during));
}
