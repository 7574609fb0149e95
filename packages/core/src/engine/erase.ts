import type { SessionKey } from "../contracts/index.ts";
import { fold } from "./fold.ts";
import type { Parts } from "./parts.ts";

/** How long an owner stays sealed whose eraser has died. */
const sealMs = 30_000;
/** How long running turns have to end; then they are cut: their claims are forgotten, so they write nothing more. */
const patienceMs = 10_000;
const lookMs = 50;

/**
 * Removes everything of an owner; how many sessions. On no node does a turn of theirs begin meanwhile, and those that run are
 * stopped first. Where it throws, the owner is free again after 30 s, or once somebody erases them again.
 */
export async function eraseOwner(
  parts: Parts,
  owner: string,
  stop: (key: SessionKey) => Promise<boolean>,
): Promise<number> {
  const { clock, storage, line, live, report } = parts;
  const { sessions, turns } = storage;
  line.stopOwner(owner);
  for (const turn of live.values()) if (turn.key.owner === owner) await turn.stop();

  let sealing: Promise<unknown> = Promise.resolve();
  const cancel = clock.every(sealMs / 3, () => {
    sealing = turns.seal(owner, sealMs).catch((error: unknown) => report(error, "sealing an owner"));
  });
  try {
    for (const since = clock.monotonic(); clock.monotonic() - since < patienceMs;) {
      const running = await turns.seal(owner, sealMs);
      if (running.length === 0) break;
      await Promise.all(running.map(async (turn) => (await fold(parts, turn)) || stop(turn.key)));
      await new Promise<void>((resolve) => clock.after(lookMs, resolve));
    }
    const count = await sessions.deleteOwner(owner);
    cancel();
    // One that is under way would seal the owner after the seal was lifted.
    await sealing;
    await turns.forget(owner);
    return count;
  } finally {
    cancel();
  }
}
