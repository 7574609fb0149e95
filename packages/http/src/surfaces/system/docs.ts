import { type OpenApiDocument, toOpenApi } from "../../openapi/document.ts";
import { json } from "../../reply.ts";
import { type MountedRoute, type Route, route } from "../../route.ts";
import type { Service } from "../../service.ts";
import { z } from "zod";

/** What describes the API: `routes`, these among them. */
export function docs(service: Service, routes: () => readonly MountedRoute[]): readonly Route[] {
  const { name: title, version, security } = service;
  let document: OpenApiDocument | undefined;
  return [
    route("public", "GET", "/openapi.json", {
      summary: "This description of the API",
      reply: {
        schema: z.looseObject({ openapi: z.string() }),
        description: "OpenAPI 3.1, of the groups mounted here.",
      },
      handle(_, { request }) {
        document ??= toOpenApi(routes(), { title, version, security });
        return json(200, document(request.prefix));
      },
    }),
  ];
}
