import type { Topic } from "../topic.ts";
import { append } from "./append.ts";
import { bus } from "./bus.ts";
import { claim } from "./claim.ts";
import { fencing, leases } from "./fencing.ts";
import { idempotency } from "./idempotency.ts";
import { limitsLikeMemory, recordsLikeMemory, sessionsLikeMemory, turnsLikeMemory } from "./like-memory.ts";
import { limits, places } from "./limits.ts";
import { nodes } from "./nodes.ts";
import { oddMessages, oddRecords, oddTurns } from "./odd-text.ts";
import { bounds, order } from "./order.ts";
import { sessionOwnership, turnOwnership } from "./ownership.ts";
import { parts } from "./parts.ts";
import { records } from "./records.ts";
import { sessions } from "./sessions.ts";
import { settle } from "./settle.ts";
import { turnLog } from "./turn-log.ts";
import { window } from "./window.ts";

export const topics: readonly Topic[] = [
  ...parts,
  sessions,
  sessionOwnership,
  order,
  bounds,
  append,
  window,
  settle,
  oddMessages,
  sessionsLikeMemory,
  claim,
  fencing,
  leases,
  turnLog,
  idempotency,
  turnOwnership,
  oddTurns,
  turnsLikeMemory,
  limits,
  places,
  limitsLikeMemory,
  records,
  oddRecords,
  recordsLikeMemory,
  bus,
  nodes,
];
