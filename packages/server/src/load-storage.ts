import { ChatError, memory, type Storage } from "@parlor/core";
import type { StorageBounds } from "./config/read-config.ts";
import type { StorageChoice } from "./config/choose-storage.ts";
import { StartError } from "./start-error.ts";

/** Opens the chosen storage; only its package is imported. Throws a `StartError` that names it when it cannot be had. */
export async function loadStorage(choice: StorageChoice, bounds: StorageBounds): Promise<Storage> {
  if (choice.kind === "memory") {
    const { maxSessions } = choice;
    return memory({ ...bounds, ...(maxSessions !== undefined && { maxSessions }) });
  }
  if (choice.kind === "sqlite") {
    const { sqlite } = await import("@parlor/sqlite");
    return named(choice.path, async () => sqlite(choice.path, bounds));
  }
  if (choice.kind === "redis") return loadRedis(choice.url, bounds);
  const { postgres } = await import("@parlor/postgres");
  const storage = await named("DATABASE_URL", () => connected(postgres({ url: choice.url, ...bounds })));
  if (choice.redis === undefined) return storage;
  try {
    const { turns, limits, bus } = await loadRedis(choice.redis, bounds);
    return { ...storage, turns, limits, bus };
  } catch (error) {
    await closeStorage(storage);
    throw error;
  }
}

async function loadRedis(url: string, bounds: StorageBounds): Promise<Storage> {
  const { redis } = await import("@parlor/redis");
  return named("REDIS_URL", () => connected(redis({ url, ...bounds })));
}

/** A store knows its fault, and whoever runs the server which of the stores it is. */
async function named(what: string, open: () => Promise<Storage>): Promise<Storage> {
  try {
    return await open();
  } catch (error) {
    if (!ChatError.isInstance(error)) throw error;
    throw new StartError(`${what}: ${error.message}`, { cause: error });
  }
}

/** Stores connect on first use: a wrong address shall stop the start, not the first user. */
async function connected(storage: Storage): Promise<Storage> {
  try {
    await storage.sessions.ping(AbortSignal.timeout(5_000));
    return storage;
  } catch (error) {
    await closeStorage(storage);
    throw error;
  }
}

/** For a start that fails later; an engine closes its own. */
export async function closeStorage({ sessions, turns, limits, records, bus }: Storage): Promise<void> {
  await Promise.all([sessions, turns, limits, records, bus].map((part) => part.close()));
}

/** What of it survives, for whoever starts the server. The address stays out: it may hold a password. */
export function describeStorage(choice: StorageChoice): string {
  if (choice.kind === "memory") return "memory: conversations are forgotten when this process ends";
  if (choice.kind === "sqlite") return `SQLite in ${choice.path}: conversations survive restarts and crashes`;
  const where =
    choice.kind === "redis" ? "Redis" : choice.redis === undefined ? "PostgreSQL" : "PostgreSQL, live turns in Redis";
  return `${where}: conversations survive restarts and crashes of this process`;
}
