import type { Storage } from "@parlor/core";
import { RedisBus } from "./bus.ts";
import { Connection } from "./connection.ts";
import { Expiry } from "./expiry.ts";
import { RedisLimits } from "./limits.ts";
import { type RedisOptions, withDefaults } from "./options.ts";
import { RedisRecords } from "./records.ts";
import { RedisSessions } from "./sessions.ts";
import { Totals } from "./totals.ts";
import { RedisTurns } from "./turns.ts";

export type { RedisOptions, TlsOptions } from "./options.ts";

/**
 * A whole storage on Redis 6.2 or newer, or what speaks like it. Connects when it is first used, and again whenever it has to.
 * Throws `invalid_request` for an option that cannot be.
 */
export function redis(options: string | RedisOptions): Storage {
  const settings = withDefaults(typeof options === "string" ? { url: options } : options);
  const connection = new Connection(settings);
  const totals = new Totals(connection, settings.prefix);
  return {
    sessions: new RedisSessions(connection, settings, totals, new Expiry(connection, settings, totals)),
    turns: new RedisTurns(connection, settings),
    limits: new RedisLimits(connection, settings.prefix),
    records: new RedisRecords(connection, settings.prefix),
    bus: new RedisBus(connection, new Connection(settings), settings.prefix),
  };
}
