import { erasing } from "./erasing.ts";
import { limits } from "./limits.ts";
import { sessions } from "./sessions.ts";
import { tables } from "./tables.ts";
import { turns } from "./turns.ts";

/**
 * In order; the nth makes version n of the schema, whose quoted name it is given. What was released is never edited: a change is a
 * new migration, and one that the nodes of the version before can live with, as they run on while others start.
 */
export const migrations: readonly ((s: string) => string)[] = [
  (s) => [tables, sessions, erasing, turns, limits].map((part) => part(s)).join("\n"),
];
