import { prefersHtml } from "../../input/accept.ts";
import { json, page } from "../../reply.ts";
import { type MountedRoute, type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import { metricsRoute } from "../metrics.ts";
import { readinessOf, readinessReplies, storeHealth } from "../readiness.ts";
import { statusReply } from "../schemas.ts";
import { toStatus } from "../v1/shape.ts";
import { docs, rootFiles, rootPageOf } from "./docs.ts";
import * as schemas from "./schemas.ts";

/** system: what this is and how it feels. The health family is readiness, `/status` is liveness: it asks nobody. */
export function system(service: Service, routes: () => readonly MountedRoute[]): readonly Route[] {
  const { engine, name, version } = service;
  return [
    route("public", "GET", "/", {
      summary: "What this is",
      reply: [
        { schema: schemas.root, description: "Where to look next." },
        { type: "text/html", description: "For browsers, if so configured, a page." },
      ],
      handle(_, { request }) {
        const shown = prefersHtml(request.headers["accept"]) && rootPageOf(service, request.prefix);
        if (shown) return page(shown);
        return json(200, {
          status: "ok",
          service: name,
          version,
          message: "The chat backend is running.",
          docs: `${request.prefix}/docs`,
          health: `${request.prefix}/health`,
          current_llm_provider: service.provider(),
        });
      },
    }),
    route("public", "GET", "/health", {
      summary: "Readiness",
      reply: readinessReplies(schemas.health),
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
    route("public", "GET", "/status", {
      summary: "Liveness",
      reply: { schema: statusReply, description: "The process answers; nothing else is asked." },
      handle: () => json(200, toStatus(service)),
    }),
    route("public", "GET", "/info", {
      summary: "What is mounted here, and where it is described",
      reply: { schema: schemas.info },
      handle: (_, { request }) =>
        json(200, {
          name,
          version,
          description: `Chat with ${engine.info.description ?? engine.info.model}`,
          docs: `${request.prefix}/docs`,
          redoc: `${request.prefix}/redoc`,
          openapi: `${request.prefix}/openapi.json`,
          health: `${request.prefix}/health`,
          groups: service.groups,
        }),
    }),
    metricsRoute(service, service.metrics?.path ?? "/metrics"),
    ...docs(service, routes),
    ...rootFiles(service),
  ];
}
