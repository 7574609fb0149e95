import type { Health, Storage, StorePart } from "../contracts/index.ts";
import type { Parts } from "./parts.ts";
import type { EngineHealth } from "./types.ts";

const waitMs = 2_000;

/** Asks backend and stores, at most 2 s; what does not answer in time is unhealthy. */
export async function healthOf(parts: Parts, state: EngineHealth["state"]): Promise<EngineHealth> {
  const signal = AbortSignal.timeout(waitMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("no answer in time")), { once: true });
  });
  late.catch(() => {});
  const asked = async (name: keyof Storage, part: StorePart) => {
    const healthy = await Promise.race([part.ping(signal), late]).then(
      () => true,
      () => false,
    );
    return [name, { name: part.info.name, durability: part.info.durability, healthy }] as const;
  };
  const names = ["sessions", "turns", "limits", "records", "bus"] as const;
  const [backend, ...stores] = await Promise.all([
    Promise.race([parts.models.currentModel.backend.health(signal), late]).catch((): Health => ({
      healthy: false,
      detail: "The model's backend did not answer.",
    })),
    ...names.map((name) => asked(name, parts.storage[name])),
  ]);
  return { state, backend, stores: Object.fromEntries(stores), liveTurns: parts.live.size };
}

export async function closeStorage(storage: Storage): Promise<void> {
  const parts = new Set<StorePart>([storage.sessions, storage.turns, storage.limits, storage.records, storage.bus]);
  await Promise.all(Array.from(parts, (part) => part.close()));
}
