import { json } from "../../reply.ts";
import { type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import { readinessOf, storeHealth } from "../readiness.ts";
import { toStatus } from "../v1/shape.ts";

/** system: what this is and how it feels. The health family is readiness, `/status` is liveness: it asks nobody. */
export function system(service: Service): readonly Route[] {
  const { engine, name, version } = service;
  return [
    route("public", "GET", "/", {
      handle: (_, { request }) =>
        json(200, {
          status: "ok",
          service: name,
          version,
          message: "The chat backend is running.",
          health: `${request.prefix}/health`,
          current_llm_provider: service.provider(),
        }),
    }),
    route("public", "GET", "/health", {
      async handle() {
        const health = await service.health();
        const { status, code } = readinessOf(health);
        return json(code, {
          status,
          service: name,
          version,
          llm_provider: service.provider(),
          llm_healthy: health.backend.healthy,
          redis_healthy: storeHealth(health, "redis") ?? null,
        });
      },
    }),
    route("public", "GET", "/status", { handle: () => json(200, toStatus(service)) }),
    route("public", "GET", "/info", {
      handle: (_, { request }) =>
        json(200, {
          name,
          version,
          description: `Chat with ${engine.info.description ?? engine.info.model}`,
          health: `${request.prefix}/health`,
          groups: service.groups,
        }),
    }),
  ];
}
