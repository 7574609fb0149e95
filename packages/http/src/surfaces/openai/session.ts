import { ChatError, type TurnInput } from "@parlor/core";
import type { Call } from "../../route.ts";
import type { Service } from "../../service.ts";
import { invalid } from "../../input/validate.ts";

/** The session that a request names: by `X-Session-Id`, or by its metadata. Throws `invalid_request`. */
export function sessionOf({ fields }: Service, call: Call, named: string | undefined): string | undefined {
  const session = call.request.headers["x-session-id"] ?? named;
  if (session === undefined || session === "") return undefined;
  const checked = fields.sessionId.safeParse(session);
  if (!checked.success) {
    throw invalid([{ path: "X-Session-Id", message: checked.error.issues[0]?.message ?? "is not valid" }]);
  }
  return checked.data;
}

/**
 * A turn of no session. All who are known by nothing share its owner, as each finds a turn by its id alone; so an idempotency key
 * is none there: it would give one what another has asked.
 */
export function stateless({ idempotencyKey, session: _session, ...input }: TurnInput, call: Call): TurnInput {
  const owner = call.own("").id;
  const isKnown = owner === call.principal.id;
  return { ...input, owner, ...(isKnown && idempotencyKey !== undefined && { idempotencyKey }) };
}

/** A session has its own history: of a body's messages only those count that follow the last answer in it. */
export function newest<M extends { readonly role: string }>(messages: readonly M[]): readonly M[] {
  const said = messages.slice(messages.findLastIndex(({ role }) => role === "assistant") + 1);
  if (said.some(({ role }) => role === "user" || role === "tool")) return said;
  throw new ChatError("invalid_request", "messages: the last ones must be of the user, or results of tools.", {
    errors: [{ path: "messages", message: "the last ones must be of the user, or results of tools" }],
  });
}
