import { memory, type Storage } from "@parlor/core";
import type { StorageBounds } from "./config/read-config.ts";
import type { StorageChoice } from "./config/choose-storage.ts";

/** Opens the chosen storage; only its package is imported. Throws a `ChatError` when it cannot be had. */
export async function loadStorage(choice: StorageChoice, bounds: StorageBounds): Promise<Storage> {
  if (choice.kind === "memory") {
    const { maxSessions } = choice;
    return memory({ ...bounds, ...(maxSessions !== undefined && { maxSessions }) });
  }
  if (choice.kind === "sqlite") {
    const { sqlite } = await import("@parlor/sqlite");
    return sqlite(choice.path, bounds);
  }
  const { postgres } = await import("@parlor/postgres");
  const storage = postgres({ url: choice.url, ...bounds });
  // It connects on first use: a wrong address shall stop the start, not the first user.
  await storage.sessions.ping(AbortSignal.timeout(5_000));
  return storage;
}

/** For a start that fails later; an engine closes its own. */
export async function closeStorage({ sessions, turns, limits, records, bus }: Storage): Promise<void> {
  await Promise.all([sessions, turns, limits, records, bus].map((part) => part.close()));
}

/** What of it survives, for whoever starts the server. The address stays out: it may hold a password. */
export function describeStorage(choice: StorageChoice): string {
  if (choice.kind === "memory") return "memory: conversations are forgotten when this process ends";
  if (choice.kind === "sqlite") return `SQLite in ${choice.path}: conversations survive restarts and crashes`;
  return "PostgreSQL: conversations survive restarts and crashes";
}
