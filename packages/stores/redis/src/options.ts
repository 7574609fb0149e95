import type { ConnectionOptions } from "node:tls";
import { ChatError } from "@parlor/core";

export interface RedisOptions {
  /** `redis://` or `rediss://` (TLS), with user and password where the server asks for them: `rediss://user:password@host:port/0`. */
  readonly url: string;
  /** Before every key and channel. Default `parlor:`. No braces: they would decide where a cluster keeps a key. */
  readonly prefix?: string;
  /** The server is a Redis Cluster; addresses of more of its nodes, where `url` alone might be away. Default: no cluster. */
  readonly cluster?: readonly string[];
  /** How long a call may take before it is `store_unavailable`, in milliseconds. Default 2,000. */
  readonly timeoutMs?: number;
  /** How long a session is kept in which nothing is written, in milliseconds; one that is being answered a day longer. Default: for ever. */
  readonly ttlMs?: number;
  /** Most sessions of one owner; the next one is refused with `sessions_full`. Default: no bound. */
  readonly maxSessionsPerOwner?: number;
  /** Most messages of one session; the oldest go first. Default: no bound. */
  readonly maxMessagesPerSession?: number;
  /** How long the log of an ended turn can be read, in milliseconds. Default 300,000. */
  readonly logMs?: number;
  /** How long an idempotency key is remembered, in milliseconds. Default 24 hours. */
  readonly idempotencyMs?: number;
  /** TLS settings, e.g. `{ ca }` for a certificate of your own. */
  readonly tls?: TlsOptions;
}

export type TlsOptions = Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;

export type Settings = Required<Omit<RedisOptions, "tls" | "cluster">> & Pick<RedisOptions, "tls" | "cluster">;

export function withDefaults(options: RedisOptions): Settings {
  const settings = {
    prefix: "parlor:",
    timeoutMs: 2_000,
    ttlMs: Infinity,
    maxSessionsPerOwner: Infinity,
    maxMessagesPerSession: Infinity,
    logMs: 300_000,
    idempotencyMs: 86_400_000,
    ...options,
  };
  for (const [name, value] of Object.entries(settings)) {
    // NaN would switch a bound off silently.
    if (typeof value === "number" && !(value >= 1)) throw fault(name, "must be at least 1");
  }
  if (/[{}]/.test(settings.prefix)) throw fault("prefix", "must not hold braces");
  for (const url of [settings.url, ...(settings.cluster ?? [])]) {
    // The address may hold a password, so it is not shown.
    if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol))
      throw fault("url", "must be a redis:// or rediss:// address");
  }
  return settings;
}

function fault(path: string, message: string): ChatError {
  return new ChatError("invalid_request", `redis: ${path} ${message}`, { errors: [{ path, message }] });
}
