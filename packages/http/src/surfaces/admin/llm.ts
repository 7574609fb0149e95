import { json } from "../../reply.ts";
import { type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import { providers } from "./providers.ts";
import * as schemas from "./schemas.ts";
import { toProvider } from "./shape.ts";

/** /llm: which model answers, and which could. */
export function llm(service: Service): readonly Route[] {
  return [
    route("public", "GET", "/llm/provider", {
      summary: "Which model answers now",
      reply: { schema: schemas.provider },
      handle: () => json(200, toProvider(service)),
    }),
    route("public", "GET", "/llm/providers", {
      summary: "Which providers the server can be set to",
      reply: { schema: schemas.providers },
      handle: () => json(200, { providers }),
    }),
    route("public", "GET", "/llm/health", {
      summary: "Whether the model answers",
      reply: { schema: schemas.modelHealth },
      async handle() {
        const { backend } = await service.health();
        const error = backend.healthy ? undefined : (backend.detail ?? "The model does not answer.");
        return json(200, { provider: service.provider(), healthy: backend.healthy, error });
      },
    }),
  ];
}
