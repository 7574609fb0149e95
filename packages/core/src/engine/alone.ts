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
  const { turns } = parts.storage;
  const holder = {
    id: parts.newId(),
    message: parts.newId(),
    model: "",
    createdAt: new Date(parts.clock.now()).toISOString(),
  };
  await stop(key);
  const claim = await parts.line.wait(key, undefined, async () => {
    const result = await turns.claim(key, holder, { leaseMs: parts.leaseMs });
    if (result.kind === "won") return result.claim;
    if (result.kind === "unsettled") await fold(parts, result.turn);
    // One that was on its way before the line was stopped.
    else if (result.kind === "busy") await turns.stop(key).then((turn) => turn && parts.live.get(turn.id)?.stop());
    return undefined;
  });
  try {
    return await work();
  } finally {
    await turns.release(claim);
    parts.line.wake(key);
  }
}
