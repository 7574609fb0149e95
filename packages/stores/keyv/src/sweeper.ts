import { buckets } from "./names.ts";
import type { Settings } from "./options.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import type { Writes } from "./writes.ts";

/** At most so many sessions are removed at once. */
const atOnce = 32;

/**
 * Removes sessions whose time is over, a few at a time; nothing waits for it, since what is over is not shown. Goes once through
 * the owners while a session lives, at most one step a second and at least one a minute.
 */
export function startSweeper(
  records: Records,
  { ttlMs, clock }: Settings,
  registry: Registry,
  writes: Writes,
): () => void {
  if (ttlMs === Infinity) return () => {};
  let bucket = 0;
  let busy = false;

  const sweep = async () => {
    let removed = 0;
    for (const owner of await records.call((call) => registry.bucket(call, bucket))) {
      const ids = await records.call((call) => writes.owners.expired(call, owner, atOnce - removed));
      for (const id of ids) if (await records.call((call) => writes.expire(call, { owner, id }))) removed++;
      // There may be more in this bucket.
      if (removed >= atOnce) return;
    }
    bucket = (bucket + 1) % buckets;
  };

  return clock.every(Math.min(60_000, Math.max(1_000, ttlMs / buckets)), () => {
    if (busy) return;
    busy = true;
    sweep()
      .catch(() => {
        // The store is away; the next sweep begins where this one did.
      })
      .finally(() => (busy = false));
  });
}
