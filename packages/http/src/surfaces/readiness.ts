import type { EngineHealth } from "@parlor/core";
import type { z } from "zod";
import type { ReplyDoc } from "../route.ts";

export interface Readiness {
  readonly status: "healthy" | "degraded" | "unhealthy";
  /** HTTP: 503 when unhealthy. */
  readonly code: 200 | 503;
}

/** Unhealthy: cannot serve. Degraded: everything but the model answers. */
export function readinessOf(health: EngineHealth): Readiness {
  const stores = Object.values(health.stores).every((store) => store.healthy);
  if (health.state !== "ready" || !stores) return { status: "unhealthy", code: 503 };
  return { status: health.backend.healthy ? "healthy" : "degraded", code: 200 };
}

/** Undefined where nothing is kept in such a store. */
export function storeHealth(health: EngineHealth, name: string): boolean | undefined {
  const parts = Object.values(health.stores).filter((store) => store.name === name);
  return parts.length === 0 ? undefined : parts.every((store) => store.healthy);
}

export const readinessReplies = (schema: z.ZodType): readonly ReplyDoc[] => [
  { schema, description: "It can serve; `degraded`: but the model does not answer." },
  { status: 503, schema, description: "It cannot serve: a store is down, or the server is shutting down." },
];
