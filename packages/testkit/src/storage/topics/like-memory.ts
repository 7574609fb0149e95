import { atOnceLikeMemory, type Meeting } from "../random/at-once.ts";
import { limitGame, limitMeeting } from "../random/limits.ts";
import { recordGame, recordMeeting } from "../random/records.ts";
import { turnGame, turnMeeting } from "../random/turns.ts";
import { sessionGame, sessionMeeting } from "../random/sessions.ts";
import { likeMemory, type Game, type Step } from "../random/like-memory.ts";
import { type Bounds, type Case, topic } from "../topic.ts";

type Unnamed = Omit<Case, "name">;

/** Nothing a random sequence does takes long enough for the log of an ended turn to go. */
function random(bounds: Bounds, run: Case["run"]): Unnamed {
  const needs = Object.keys(bounds).length > 0 ? (["bounds", "time"] as const) : (["time"] as const);
  return { needs, bounds: { ...bounds, logBeats: 100_000 }, run };
}

const game = <S extends Step, Side>(bounds: Bounds, played: Game<S, Side>): Unnamed =>
  random(bounds, (context) => likeMemory(context, bounds, played));

const meeting = <S extends Step, Side>(bounds: Bounds, met: Meeting<S, Side>): Unnamed =>
  random(bounds, (context) => atOnceLikeMemory(context, bounds, met));

export const sessionsLikeMemory = topic("sessions, at random", ["sessions"], {
  "whatever is done, sessions answer as in memory": game({}, sessionGame),
  "so they do with a bound of their messages": game({ maxMessagesPerSession: 40 }, sessionGame),
  "so they do with narrow bounds": game({ maxMessagesPerSession: 3, maxSessionsPerOwner: 2 }, sessionGame),
  "calls of sessions at once are answered as in memory in some order": meeting({}, sessionMeeting),
  "so they are with narrow bounds": meeting({ maxMessagesPerSession: 3, maxSessionsPerOwner: 1 }, sessionMeeting),
});

export const turnsLikeMemory = topic("turns, at random", ["turns"], {
  "whatever is done, turns answer as in memory": game({}, turnGame),
  "calls of turns at once are answered as in memory in some order": meeting({}, turnMeeting),
});

export const limitsLikeMemory = topic("limits, at random", ["limits"], {
  "whatever is done, limits answer as in memory": game({}, limitGame),
  "calls of limits at once are answered as in memory in some order": meeting({}, limitMeeting),
});

export const recordsLikeMemory = topic("records, at random", ["records"], {
  "whatever is done, records answer as in memory": game({}, recordGame),
  "calls of records at once are answered as in memory in some order": meeting({}, recordMeeting),
});
