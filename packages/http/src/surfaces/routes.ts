import type { Table } from "../openapi/document.ts";
import type { Group } from "../options.ts";
import type { Route } from "../route.ts";
import type { Service } from "../service.ts";
import { simple } from "./simple/routes.ts";
import { system } from "./system/routes.ts";
import { v1 } from "./v1/routes.ts";

/** `tables`: those of all mounted groups, once they are there. */
type Surface = (service: Service, tables: () => readonly Table[]) => readonly Route[];

const surfaces: { readonly [group in Group]: Surface } = { v1, simple, system };

/** The tables of the mounted groups as one. */
export function routesOf(service: Service): readonly Route[] {
  const tables: readonly Table[] = service.groups.map((group) => ({
    group,
    routes: surfaces[group](service, () => tables),
  }));
  return tables.flatMap(({ routes }) => routes);
}
