import type { Group } from "../options.ts";
import type { MountedRoute, Route } from "../route.ts";
import type { Service } from "../service.ts";
import { simple } from "./simple/routes.ts";
import { system } from "./system/routes.ts";
import { v1 } from "./v1/routes.ts";

const surfaces: { readonly [group in Group]: (service: Service) => readonly Route[] } = { v1, simple, system };

/** The tables of the mounted groups as one. */
export function routesOf(service: Service): readonly MountedRoute[] {
  return service.groups.flatMap((group) => surfaces[group](service).map((route) => ({ ...route, group })));
}
