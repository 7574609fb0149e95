import type { Storage } from "../contracts/index.ts";
import { MemoryBus } from "./bus.ts";
import { MemoryLimits } from "./limits.ts";
import { withDefaults, type MemoryOptions } from "./options.ts";
import { MemoryRecords } from "./records.ts";
import { MemorySessions } from "./sessions.ts";
import { MemoryTurns } from "./turns.ts";

export type { MemoryOptions } from "./options.ts";

/**
 * A whole storage in this process's memory: bounded, gone when the process ends, shared by the engines that are given it.
 * Throws `RangeError` for a bound below 1.
 */
export function memory(options: MemoryOptions = {}): Storage {
  const settings = withDefaults(options);
  return {
    sessions: new MemorySessions(settings),
    turns: new MemoryTurns(settings),
    limits: new MemoryLimits(settings.clock),
    records: new MemoryRecords(settings.clock),
    bus: new MemoryBus(),
  };
}
