import { z } from "zod";
import { connectionUrl, text, whole } from "./fields.ts";

export const storageVariables = {
  /** Seconds until an untouched session is forgotten; MEMORY_TTL_SECONDS wins. */
  SESSION_TIMEOUT: whole(1, 315_360_000),
  MEMORY_TTL_SECONDS: whole(1, 315_360_000),
  /** Sessions kept in memory. */
  MAX_CACHE_SIZE: whole(1),
  REDIS_URL: connectionUrl(["redis:", "rediss:"]),
  DATABASE_URL: z
    .string()
    // SQLAlchemy's spelling names the Python driver.
    .transform((value) => value.replace(/^(postgres(?:ql)?)\+[a-z0-9]+:/, "$1:"))
    .pipe(connectionUrl(["postgresql:", "postgres:"])),
  SQLITE_PATH: text(4096),
};
