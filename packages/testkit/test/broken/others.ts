import type { Claim, ClaimResult, TurnStore } from "@parlor/core";
import { type Defect, replace, roundTrip } from "./replace.ts";

const broken = (name: string, noticedBy: string, methods: (turns: TurnStore) => Partial<TurnStore>): Defect => ({
  name,
  noticedBy,
  breaks: ({ turns }) => ({ turns: replace(turns, methods(turns)) }),
});

export const brokenTurns: readonly Defect[] = [
  broken("an append after the end is accepted", "after the end nothing is written, renewed or adopted", (turns) => ({
    append: async (batches) => {
      const results = await turns.append(batches);
      return results.map((result, at) =>
        result === "stale" ? { last: batches[at]?.events.at(-1)?.offset ?? 0 } : result,
      );
    },
  })),
  broken(
    "an old writer is not fenced off",
    "who adopts a turn writes on where it stood, and its old writer writes no more",
    (turns) => {
      const newest = new Map<string, Claim>();
      return {
        adopt: async (key, turn, leaseMs) => {
          const claim = await turns.adopt(key, turn, leaseMs);
          if (claim) newest.set(JSON.stringify([key, turn]), claim);
          return claim;
        },
        append: (batches) =>
          turns.append(
            batches.map(({ claim, events }) => ({
              claim: newest.get(JSON.stringify([claim.key, claim.turn])) ?? claim,
              events,
            })),
          ),
      };
    },
  ),
  broken("two claims at once both win", "of many claims at once one wins", (turns) => ({
    claim: async (key, turn, request): Promise<ClaimResult> => {
      const live = await turns.live(key);
      await roundTrip();
      const result = await turns.claim(key, turn, request);
      if (live === undefined && result.kind === "busy") {
        return { kind: "won", claim: { key, turn: turn.id, epoch: 1 } };
      }
      return result;
    },
  })),
  broken("a seal looks before it closes", "of claims at once with a seal it tells of each that won", (turns) => ({
    seal: async (owner, ttlMs) => {
      const running = await turns.seal(owner, 0);
      await roundTrip();
      await turns.seal(owner, ttlMs);
      return running;
    },
  })),
  broken("a seal closes nothing", "while an owner is sealed none of its sessions is won, on any node", (turns) => ({
    seal: (owner) => turns.seal(owner, 0),
  })),
  broken("a turn can end twice", "a turn ends once", (turns) => ({
    end: async (...args) => (await turns.end(...args)) || true,
  })),
  broken("events are reordered", "events come back as they were given", (turns) => ({
    read: async (...args) => {
      const page = await turns.read(...args);
      return page && { ...page, events: page.events.toReversed() };
    },
  })),
  broken("a log may have gaps", "a batch that would leave a gap is refused", (turns) => ({
    append: async (batches) => {
      const results = await turns.append(batches);
      return results.map((result) => (result === "stale" ? { last: 0 } : result));
    },
  })),
  broken(
    "a session is free before its turn has settled",
    "a turn that ended occupies the session until it has settled",
    (turns) => ({
      end: async (claim, outcome) => {
        const ended = await turns.end(claim, outcome);
        if (ended) await turns.settled(claim.key, claim.turn);
        return ended;
      },
    }),
  ),
  broken("a log goes before its turn has settled", "a log is kept until its turn has settled", (turns) => {
    const ended = new Map<string, number>();
    let reads = 0;
    return {
      end: async (claim, outcome) => {
        ended.set(claim.turn, reads);
        return turns.end(claim, outcome);
      },
      claim: async (key, turn, request) => {
        const result = await turns.claim(key, turn, request);
        if (result.kind === "unsettled") reads++;
        return result;
      },
      read: async (key, turn, after, limit) => {
        const since = ended.get(turn);
        return since !== undefined && since < reads ? undefined : turns.read(key, turn, after, limit);
      },
    };
  }),
  broken("leases never run out", "a turn whose lease ran out is to be folded first", (turns) => ({
    claim: (key, turn, request) => turns.claim(key, turn, { ...request, leaseMs: Infinity }),
  })),
  broken(
    "a lost lease kills a writer that comes back in time",
    "a writer that comes back before anybody took over goes on",
    (turns) => ({
      renew: async (claims, leaseMs) => {
        const lost = new Set((await turns.expired(1_000)).map((turn) => turn.id));
        const renewals = await turns.renew(claims, leaseMs);
        return renewals.map((one, at) => (lost.has(claims[at]?.turn ?? "") ? { ...one, held: false } : one));
      },
    }),
  ),
  broken("idempotency keys are everybody's", "an idempotency key is one owner's", (turns) => {
    const seen = new Map<string, ClaimResult>();
    return {
      claim: async (key, turn, request) => {
        const name = JSON.stringify([request.idempotency?.kind, request.idempotency?.key]);
        const result = request.idempotency && seen.get(name);
        if (result) return result;
        const made = await turns.claim(key, turn, request);
        if (made.kind === "won") seen.set(name, { kind: "repeat", turn: { key, ...turn } });
        return made;
      },
    };
  }),
  broken("a released turn keeps its key", "a released turn frees its key", (turns) => ({
    release: async (claim) => {
      await turns.end(claim, { status: "interrupted" });
      await turns.settled(claim.key, claim.turn);
    },
  })),
];

export const brokenOthers: readonly Defect[] = [
  {
    name: "a limit is checked before it is charged",
    noticedBy: "many at once on two nodes get exactly the limit",
    breaks: ({ limits }) => ({
      limits: replace(limits, {
        consume: async (key, cost, rule) => {
          const before = await limits.consume(key, 0, rule);
          await roundTrip();
          if (before.remaining < cost || !before.receipt) return { ...before, allowed: false };
          await limits.settle(before.receipt, cost);
          return { ...before, allowed: true, remaining: before.remaining - cost };
        },
      }),
    }),
  },
  {
    name: "what was reserved is never given back",
    noticedBy: "settling gives back what was not used",
    breaks: ({ limits }) => ({ limits: replace(limits, { settle: async () => {} }) }),
  },
  {
    name: "places are counted before one is taken",
    noticedBy: "many that want a place at once get exactly as many as there are",
    breaks: ({ limits }) => ({
      limits: replace(limits, {
        acquire: async (key, holder, max, ttlMs) => {
          const free = await limits.acquire(key, "probe", max, ttlMs);
          await limits.release(key, "probe");
          await roundTrip();
          return free && limits.acquire(key, holder, max + 1, ttlMs);
        },
      }),
    }),
  },
  {
    name: "putIfAbsent looks before it puts",
    noticedBy: "of many that put it first at once one does",
    breaks: ({ records }) => ({
      records: replace(records, {
        putIfAbsent: async (kind, id, value, ttlMs) => {
          if ((await records.get(kind, id)) !== undefined) return false;
          await roundTrip();
          await records.put(kind, id, value, ttlMs);
          return true;
        },
      }),
    }),
  },
  {
    name: "a record lives for ever",
    noticedBy: "a record with a time to live goes",
    breaks: ({ records }) => ({
      records: replace(records, { put: (kind, id, value) => records.put(kind, id, value) }),
    }),
  },
  {
    name: "a listener runs inside its publisher's call",
    noticedBy: "publishing does not call a listener before it returns",
    breaks: ({ bus }) => {
      const listeners = new Map<string, ((payload: string) => void)[]>();
      return {
        bus: replace(bus, {
          publish: async (topic, payload) => {
            for (const listener of listeners.get(topic) ?? []) listener(payload);
            return bus.publish(topic, payload);
          },
          subscribe: async (topic, listener) => {
            listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
            return bus.subscribe(topic, listener);
          },
        }),
      };
    },
  },
];
