import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "@parlor/core";

export interface StoreClock {
  /** For leases, windows and what runs out: whole milliseconds, the same in all processes on this machine, never going back. */
  now(): number;
  /** For what people see: milliseconds since 1970. */
  wall(): number;
}

/**
 * The machine's monotonic clock, set to the wall clock when the first process after a boot opened the database: setting the wall
 * clock moves no lease.
 */
export function machineClock(database: DatabaseSync): StoreClock {
  const sinceBoot = Number(process.hrtime.bigint()) / 1e6;
  const start = aheadOfBoot(database, bootId(), sinceBoot) + sinceBoot - performance.now();
  return { now: () => Math.floor(start + performance.now()), wall: () => Date.now() };
}

export const toStoreClock = (clock: Clock): StoreClock => ({
  now: () => Math.floor(clock.monotonic()),
  wall: () => clock.now(),
});

/** How far the store's time is ahead of the time since this boot; the first process after a boot decides. */
function aheadOfBoot(database: DatabaseSync, boot: string, sinceBoot: number): number {
  const select = database.prepare("SELECT boot, ahead, since FROM clock");
  const read = () => select.get() as { boot: string; ahead: number; since: number } | undefined;
  let known = read();
  if (known?.boot === boot) return known.ahead;
  database.exec("BEGIN IMMEDIATE");
  try {
    known = read();
    if (known?.boot !== boot) {
      const now = Math.max(Date.now(), known?.since ?? 0);
      known = { boot, ahead: now - sinceBoot, since: now };
      database.prepare("INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?)").run(boot, known.ahead, known.since);
      // Who held these did not survive the boot; and should the clock have been set back meanwhile, nothing may last for years.
      database.exec("UPDATE turns SET lease_until = 0, attended_until = 0 WHERE settled = 0; DELETE FROM places");
      database.prepare("DELETE FROM windows WHERE ends > window_ms + ?").run(now);
    }
    database.exec("COMMIT");
    return known.ahead;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

/** The same in all processes until the machine boots again; where the system does not tell, the ten minutes it booted in. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return `about ${Math.round((Date.now() / 1000 - uptime()) / 600)}`;
  }
}
