import type { Group } from "../options.ts";
import type { MountedRoute, Route } from "../route.ts";
import type { Service } from "../service.ts";
import { admin } from "./admin/routes.ts";
import { conversations } from "./conversations/routes.ts";
import { openai } from "./openai/routes.ts";
import { simple } from "./simple/routes.ts";
import { system } from "./system/routes.ts";
import { uiStream } from "./ui-stream/routes.ts";
import { v1 } from "./v1/routes.ts";

/** `routes`: those of all mounted groups, once they are there. */
type Surface = (service: Service, routes: () => readonly MountedRoute[]) => readonly Route[];

const surfaces: { readonly [group in Group]: Surface } = {
  v1,
  simple,
  conversations,
  admin,
  system,
  openai,
  "ui-stream": uiStream,
};

/** The tables of the mounted groups as one. */
export function routesOf(service: Service): readonly MountedRoute[] {
  const routes: readonly MountedRoute[] = service.groups.flatMap((group) =>
    surfaces[group](service, () => routes).map((route) => ({ ...route, group })),
  );
  return routes;
}
