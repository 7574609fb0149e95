import { limitGame } from "../random/limits.ts";
import { recordGame } from "../random/records.ts";
import { turnGame } from "../random/turns.ts";
import { sessionGame } from "../random/sessions.ts";
import { likeMemory, type Game, type Step } from "../random/like-memory.ts";
import { type Bounds, type Case, topic } from "../topic.ts";

/** Nothing a random sequence does takes long enough for the log of an ended turn to go. */
function game<S extends Step, Side>(bounds: Bounds, played: Game<S, Side>): Omit<Case, "name"> {
  const needs = Object.keys(bounds).length > 0 ? (["bounds", "time"] as const) : (["time"] as const);
  return {
    needs,
    bounds: { ...bounds, logBeats: 100_000 },
    run: (context) => likeMemory(context, bounds, played),
  };
}

export const sessionsLikeMemory = topic("sessions, at random", ["sessions"], {
  "whatever is done, sessions answer as in memory": game({}, sessionGame),
  "so they do with a bound of their messages": game({ maxMessagesPerSession: 40 }, sessionGame),
  "so they do with narrow bounds": game({ maxMessagesPerSession: 3, maxSessionsPerOwner: 2 }, sessionGame),
});

export const turnsLikeMemory = topic("turns, at random", ["turns"], {
  "whatever is done, turns answer as in memory": game({}, turnGame),
});

export const limitsLikeMemory = topic("limits, at random", ["limits"], {
  "whatever is done, limits answer as in memory": game({}, limitGame),
});

export const recordsLikeMemory = topic("records, at random", ["records"], {
  "whatever is done, records answer as in memory": game({}, recordGame),
});
