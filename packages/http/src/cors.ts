import type { HttpRequest } from "./seam.ts";

export interface CorsOptions {
  /** Exact origins (`https://app.example.com`), or `*` for all. */
  readonly origins: readonly string[] | "*";
  /** Whether their pages may act with a user's cookies; not with `*`. Default false. */
  readonly credentials?: boolean;
  /** Request headers that their pages may send beside Parlor's own: those that your `auth` reads. */
  readonly headers?: readonly string[];
}

const ownHeaders = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "Last-Event-ID",
  "X-API-Key",
  "X-Request-Id",
  "X-Session-Id",
];
const exposedHeaders = "Link, RateLimit, RateLimit-Policy, Retry-After, X-Process-Time, X-Request-Id";
const maxAgeSeconds = "600";

/** The headers that let pages of other origins read a reply. `allow`: the path's methods, for a preflight. */
export type Cors = (request: HttpRequest, allow: readonly string[]) => Record<string, string>;

/** Throws a TypeError for `*` with credentials. */
export function createCors(options: CorsOptions | undefined): Cors {
  if (!options) return () => ({});
  const { origins, credentials = false, headers: further = [] } = options;
  if (origins === "*" && credentials) throw new TypeError("CORS for all origins cannot come with credentials");
  const listed = new Set(origins === "*" ? [] : origins);
  const allowedHeaders = [...ownHeaders, ...further].join(", ");
  return ({ method, headers: asked }, allow) => {
    const origin = asked["origin"];
    const headers: Record<string, string> = origins === "*" ? {} : { vary: "Origin" };
    if (origin === undefined || (origins !== "*" && !listed.has(origin))) return headers;
    headers["access-control-allow-origin"] = origins === "*" ? "*" : origin;
    headers["access-control-expose-headers"] = exposedHeaders;
    if (credentials) headers["access-control-allow-credentials"] = "true";
    if (method === "OPTIONS" && asked["access-control-request-method"] !== undefined) {
      headers["access-control-allow-methods"] = allow.join(", ");
      headers["access-control-allow-headers"] = allowedHeaders;
      headers["access-control-max-age"] = maxAgeSeconds;
    }
    return headers;
  };
}

/** Whose pages may read replies, with credentials or without. */
export function listedOrigins(options: CorsOptions | undefined): Pick<ReadonlySet<string>, "has"> {
  return options?.origins === "*" ? { has: () => true } : new Set(options?.origins);
}

/** Whose pages may act with what a browser brings along by itself: cookies, or (`open`) no more than a way to reach the server. */
export function trustedOrigins(options: CorsOptions | undefined, open: boolean): Pick<ReadonlySet<string>, "has"> {
  if (open && options?.origins === "*") return { has: () => true };
  return new Set(options && (open || options.credentials) && options.origins !== "*" ? options.origins : []);
}
