import { z } from "zod";
import { json } from "../../reply.ts";
import { type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import * as schemas from "./schemas.ts";

/** Which models there are, and which one is current. A model service answers for itself. */
export function models({ engine, modelService }: Service): readonly Route[] {
  return [
    route("user", "GET", "/api/models", {
      summary: "The models, and which is current",
      reply: { schema: schemas.models },
      async handle() {
        if (modelService) return json(200, await modelService.models());
        const list = engine.models.list();
        return json(200, {
          current_model: engine.models.current,
          models: list.map(({ tag }) => tag),
          details: list.map(({ tag, info }) => ({
            tag,
            name: info.model,
            provider: info.provider,
            type: info.kind,
            context_window: info.contextWindow,
            capabilities: info.capabilities,
            ...(info.description !== undefined && { description: info.description }),
          })),
        });
      },
    }),
    route("admin", "POST", "/api/models/swap", {
      summary: "Make another model the current one, on every node; running turns finish on theirs",
      reply: { schema: schemas.swapped },
      errors: ["unknown_model"],
      body: { model_tag: z.string().min(1).max(100) },
      async handle({ model_tag: tag }) {
        if (modelService) await modelService.swap(tag);
        else await engine.models.swap(tag);
        return json(200, { status: "ok", current_model: tag });
      },
    }),
  ];
}
