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
  for (const turn of live.all()) if (turn.key.owner === owner) await turn.stop();

  let sealing: Promise<unknown> = Promise.resolve();
  const cancel = clock.every(sealMs / 3, () => {
    sealing = turns.seal(owner, sealMs).catch((error: unknown) => report(error, "sealing an owner"));
  });
  const since = clock.monotonic();
  try {
    let count = 0;
    do {
      await endTurns(parts, owner, stop, since);
      count += await sessions.deleteOwner(owner);
      // Another node that erased this owner too has lifted the seal when it was done: what began then is ended and erased as well.
    } while ((await turns.seal(owner, sealMs)).length > 0 && clock.monotonic() - since < patienceMs);
    cancel();
    // One that is under way would seal the owner after the seal was lifted.
    await sealing;
    await turns.forget(owner);
    return count;
  } finally {
    cancel();
  }
}

/** Seals the owner, and stops what runs of theirs on any node. */
async function endTurns(
  parts: Parts,
  owner: string,
  stop: (key: SessionKey) => Promise<boolean>,
  since: number,
): Promise<void> {
  const { clock, storage } = parts;
  do {
    const running = await storage.turns.seal(owner, sealMs);
    if (running.length === 0) return;
    await Promise.all(running.map(async (turn) => (await fold(parts, turn)) || stop(turn.key)));
    await new Promise<void>((resolve) => clock.after(lookMs, resolve));
  } while (clock.monotonic() - since < patienceMs);
}
