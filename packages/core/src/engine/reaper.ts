import { fold } from "./fold.ts";
import type { Parts } from "./parts.ts";

/** A turn whose process died ends at most the lease and this later, also when nobody asks for it. */
const sweepMs = 3_000;
const atOnce = 16;

/** Folds turns that other processes left behind, a few at a time. Returns how to stop. */
export function startReaper(parts: Parts): () => void {
  let sweeping = false;
  return parts.clock.every(sweepMs, () => {
    if (sweeping) return;
    sweeping = true;
    sweep(parts)
      .catch((error: unknown) => parts.report(error, "looking for dead turns"))
      .finally(() => {
        sweeping = false;
      });
  });
}

async function sweep(parts: Parts): Promise<void> {
  const dead = await parts.storage.turns.expired(atOnce);
  for (const turn of dead) {
    await fold(parts, turn).catch((error: unknown) => parts.report(error, "folding a dead turn"));
  }
}
