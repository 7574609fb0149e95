import type { Variables } from "./variables.ts";

/** Where conversations are kept. */
export type StorageChoice =
  | { readonly kind: "memory"; readonly maxSessions?: number }
  | { readonly kind: "sqlite"; readonly path: string }
  /** With `redis`: PostgreSQL keeps conversations and records, Redis live turns, limits and the bus. */
  | { readonly kind: "postgres"; readonly url: string; readonly redis?: string }
  | { readonly kind: "redis"; readonly url: string };

type Chosen = { readonly choice: StorageChoice; readonly warnings: readonly string[] } | { readonly fault: string };

/** In the folder where the server starts, so that a restart there finds it again. */
const defaultPath = "parlor.db";

export function chooseStorage(variables: Variables): Chosen {
  const { SQLITE_PATH: path, DATABASE_URL: url, REDIS_URL: redis, MAX_CACHE_SIZE: maxSessions } = variables;
  const server = url !== undefined ? "DATABASE_URL" : redis !== undefined ? "REDIS_URL" : undefined;
  if (path !== undefined && server)
    return { fault: `SQLITE_PATH and ${server} are both set; unset the one you do not mean` };
  if (path === ":memory:")
    return { choice: { kind: "memory", ...(maxSessions !== undefined && { maxSessions }) }, warnings: [] };
  const warnings =
    maxSessions === undefined ? [] : ["MAX_CACHE_SIZE is set, but it bounds memory only (SQLITE_PATH=:memory:)"];
  if (url !== undefined) return { choice: { kind: "postgres", url, ...(redis !== undefined && { redis }) }, warnings };
  if (redis !== undefined) return { choice: { kind: "redis", url: redis }, warnings };
  return { choice: { kind: "sqlite", path: path ?? defaultPath }, warnings };
}
