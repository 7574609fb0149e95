import type { SessionKey } from "../contracts/index.ts";
import { fold } from "./fold.ts";
import type { Parts } from "./parts.ts";

/**
 * Does something with a session while no turn runs on it, on any node: stops those that run or wait, then holds the claim a turn
 * would need. Throws `turn_in_progress` if the running turn does not end in time.
 */
export async function alone<T>(
  parts: Parts,
  key: SessionKey,
  stop: (key: SessionKey) => Promise<boolean>,
  work: () => Promise<T>,
): Promise<T> {
  await stop(key);
  // One that was on its way before the line was stopped.
  return holding(parts, key, work, async () => {
    const late = await parts.storage.turns.stop(key);
    if (late) await parts.live.get(late.id)?.stop();
  });
}

/** Does something with a session between two turns. Throws `turn_in_progress` if the running one does not end in time. */
export function betweenTurns<T>(parts: Parts, key: SessionKey, work: () => Promise<T>): Promise<T> {
  return holding(parts, key, work, async () => {});
}

async function holding<T>(
  parts: Parts,
  key: SessionKey,
  work: () => Promise<T>,
  onBusy: () => Promise<void>,
): Promise<T> {
  const { turns } = parts.storage;
  const holder = {
    id: parts.newId(),
    message: parts.newId(),
    model: "",
    createdAt: new Date(parts.clock.now()).toISOString(),
  };
  const claim = await parts.line.wait(key, undefined, async () => {
    const result = await turns.claim(key, holder, { leaseMs: parts.leaseMs });
    if (result.kind === "won") return result.claim;
    if (result.kind === "unsettled") await fold(parts, result.turn);
    else if (result.kind === "busy") await onBusy();
    return undefined;
  });
  try {
    return await work();
  } finally {
    await turns.release(claim);
    parts.line.wake(key);
  }
}
