import type { FailureFormat } from "./problem/failure-format.ts";
import type { MountedRoute } from "./route.ts";

export interface Match {
  /** Undefined: the path is known, the method is not one of `allow`. */
  readonly route: MountedRoute | undefined;
  readonly params: { readonly [name: string]: string };
  readonly allow: readonly string[];
  /** Of the path's protocol; undefined: problem+json. */
  readonly failure: FailureFormat | undefined;
}

interface Endpoint {
  readonly methods: Map<string, MountedRoute>;
  /** A name where the path has a parameter. */
  readonly segments: readonly (string | { readonly name: string })[];
}

const noParams = Object.freeze({});

/** Finds the route of a method and a path. Throws when two routes are the same. */
export function createRouter(routes: readonly MountedRoute[]): (method: string, path: string) => Match | undefined {
  const fixed = new Map<string, Endpoint>();
  const variable = new Map<string, Endpoint>();
  for (const route of routes) {
    const segments = route.path.split("/").map((segment) => {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      return name === undefined ? segment : { name };
    });
    const shape = segments.map((segment) => (typeof segment === "string" ? segment : "{}")).join("/");
    const table = shape === route.path ? fixed : variable;
    const endpoint = table.get(shape) ?? { methods: new Map<string, MountedRoute>(), segments };
    if (endpoint.methods.has(route.method)) throw new TypeError(`Two routes for ${route.method} ${route.path}`);
    endpoint.methods.set(route.method, route);
    table.set(shape, endpoint);
  }
  const variables = [...variable.values()];

  return (method, path) => {
    const clean = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
    const exact = fixed.get(clean);
    const route = exact && routeOf(exact, method);
    if (route) return { route, params: noParams, allow: [], failure: route.failure };

    const allow = exact ? allowed(exact) : [];
    let failure = exact && failureOf(exact);
    const parts = clean.split("/");
    for (const endpoint of variables) {
      const params = paramsOf(endpoint, parts);
      if (!params) continue;
      const found = routeOf(endpoint, method);
      if (found) return { route: found, params, allow: [], failure: found.failure };
      failure ??= failureOf(endpoint);
      allow.push(...allowed(endpoint));
    }
    return allow.length === 0 ? undefined : { route: undefined, params: noParams, allow: [...new Set(allow)], failure };
  };
}

const routeOf = ({ methods }: Endpoint, method: string) => methods.get(method === "HEAD" ? "GET" : method);

const failureOf = ({ methods }: Endpoint) => methods.values().next().value?.failure;

function allowed({ methods }: Endpoint): string[] {
  return [...methods.keys(), ...(methods.has("GET") ? ["HEAD"] : []), "OPTIONS"];
}

function paramsOf({ segments }: Endpoint, parts: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? "";
    if (typeof segment === "string") {
      if (segment !== part) return undefined;
    } else if (part === "") return undefined;
    else params[segment.name] = decode(part);
  }
  return params;
}

/** What cannot be decoded stays as it is: the schema refuses its percent signs. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
