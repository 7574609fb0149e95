import type { ClaimResult, LimitStore, SessionStore, TurnStore } from "@parlor/core";
import { type Defect, replace, roundTrip } from "./replace.ts";

/** A call in two steps, between which others may come: what it answers is true in neither order. */
const broken = {
  turns: (name: string, methods: (turns: TurnStore) => Partial<TurnStore>): Defect => ({
    name,
    noticedBy: "calls of turns at once are answered as in memory in some order",
    breaks: ({ turns }) => ({ turns: replace(turns, methods(turns)) }),
  }),
  sessions: (name: string, methods: (sessions: SessionStore) => Partial<SessionStore>): Defect => ({
    name,
    noticedBy: "calls of sessions at once are answered as in memory in some order",
    breaks: ({ sessions }) => ({ sessions: replace(sessions, methods(sessions)) }),
  }),
  limits: (name: string, methods: (limits: LimitStore) => Partial<LimitStore>): Defect => ({
    name,
    noticedBy: "calls of limits at once are answered as in memory in some order",
    breaks: ({ limits }) => ({ limits: replace(limits, methods(limits)) }),
  }),
};

export const brokenAtOnce: readonly Defect[] = [
  broken.turns("a claim looks for the session's turn, then for its key", (turns) => ({
    claim: async (key, turn, request): Promise<ClaimResult> => {
      const live = request.idempotency && (await turns.live(key));
      await roundTrip();
      const result = await turns.claim(key, turn, request);
      if (result.kind !== "won" || !live) return result;
      await turns.release(result.claim);
      return { kind: "busy", turn: live, leaseMs: 1 };
    },
  })),
  broken.turns("an append that would leave a gap looks again whether it still would", (turns) => ({
    append: async (batches) => {
      const results = await turns.append(batches);
      await roundTrip();
      const now = await turns.append(batches.map(({ claim }) => ({ claim, events: [] })));
      return results.map((result, at) => {
        const last = now[at] === "stale" ? 0 : (now[at]?.last ?? 0);
        const first = batches[at]?.events[0]?.offset ?? Infinity;
        return result === "stale" && last > 0 && first <= last + 1 ? { last } : result;
      });
    },
  })),
  broken.turns("forgetting goes on until there is nothing more", (turns) => ({
    forget: async (...args) => {
      await turns.forget(...args);
      await roundTrip();
      await turns.forget(...args);
    },
  })),
  broken.sessions("clearing counts before it clears", (sessions) => ({
    clear: async (key) => {
      const session = await sessions.get(key);
      await roundTrip();
      const cleared = await sessions.clear(key);
      return cleared === undefined ? undefined : (session?.messageCount ?? 0);
    },
  })),
  broken.sessions("deleting goes on until there is nothing more", (sessions) => ({
    deleteOwner: async (owner) => {
      const deleted = await sessions.deleteOwner(owner);
      await roundTrip();
      return deleted + (await sessions.deleteOwner(owner));
    },
  })),
  broken.limits("a refusal tells what is left afterwards", (limits) => ({
    consume: async (key, cost, rule) => {
      const decision = await limits.consume(key, cost, rule);
      if (decision.allowed) return decision;
      await roundTrip();
      const { remaining } = await limits.consume(key, 0, rule);
      return { ...decision, remaining };
    },
  })),
];
