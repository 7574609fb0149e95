import type { Health, ModelBackend, ModelInfo } from "../contracts/index.ts";

/** What can be relied on whichever of them answers: the first one's info with the smallest context and what all of them can. */
export function infoOf(backends: readonly [ModelBackend, ...ModelBackend[]]): ModelInfo {
  const [{ info }] = backends;
  return {
    ...info,
    contextWindow: Math.min(...backends.map((backend) => backend.info.contextWindow)),
    capabilities: info.capabilities.filter((capability) =>
      backends.every((backend) => backend.info.capabilities.includes(capability)),
    ),
  };
}

/** Healthy as long as one of them is. */
export async function healthOf(backends: readonly ModelBackend[], signal: AbortSignal): Promise<Health> {
  const all = await Promise.all(
    backends.map(async (backend) => {
      const health = await backend
        .health(signal)
        .catch((): Health => ({ healthy: false, detail: "The model's backend did not answer." }));
      return { ...health, model: backend.info.model };
    }),
  );
  return {
    healthy: all.some(({ healthy }) => healthy),
    loaded: all.some(({ healthy, loaded }) => loaded ?? healthy),
    backends: all,
  };
}

export async function closeAll(backends: readonly ModelBackend[]): Promise<void> {
  await Promise.all(backends.map((backend) => backend.close()));
}
