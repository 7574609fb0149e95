import type { HttpRequest } from "../seam.ts";
import { isForeign } from "./cross-site.ts";
import { networkOf } from "./network.ts";
import type { Principal } from "./principal.ts";

const cookieName = "parlor_visitor";
const inCookies = new RegExp(`(?:^|;\\s*)${cookieName}=([A-Za-z0-9_-]{22})(?:;|$)`);
const aYear = 31_536_000;
const noOrigins: ReadonlySet<string> = new Set();

export interface Visitor {
  /** Undefined: known by nothing but the session they name. */
  readonly principal: Principal | undefined;
  /** Came without credentials: could be anybody, and anybody new each time. */
  readonly anonymous: boolean;
  readonly setCookie?: string;
}

/**
 * Tells anonymous people apart: a browser by its cookie, which its first request gets. What does not keep cookies (no browser,
 * or a page of another site) is given none, so that it finds its session again by the session's id.
 */
export function visitorOf(request: HttpRequest): Visitor {
  const known = inCookies.exec(request.headers["cookie"] ?? "")?.[1];
  if (known !== undefined) return { principal: toPrincipal(known), anonymous: true };
  if (!isOwnPage(request)) return { principal: undefined, anonymous: true };
  const made = randomId();
  const attributes = `Path=${pathOf(request.prefix) || "/"}; Max-Age=${aYear}; HttpOnly; SameSite=Lax${request.secure ? "; Secure" : ""}`;
  return { principal: toPrincipal(made), anonymous: true, setCookie: `${cookieName}=${made}; ${attributes}` };
}

/** By what limits count somebody: who it is, or the address of one who could be anybody. */
export function countedAs({ principal, anonymous }: Visitor, request: Pick<HttpRequest, "ip">): string {
  return anonymous || !principal ? networkOf(request.ip) : principal.id;
}

/** Browsers say `Sec-Fetch-Site` over https (and to localhost); without it, an `Origin` like ours says the same. */
function isOwnPage(request: HttpRequest): boolean {
  const { "sec-fetch-site": site, origin } = request.headers;
  return (site !== undefined || origin !== undefined) && !isForeign(request, noOrigins);
}

/** Who comes with a session's id alone. Without one they own nothing, for this request only. */
export function bearerOf(session: unknown): Principal {
  return { id: typeof session === "string" ? `session:${session}` : `nobody:${randomId()}`, name: "anonymous" };
}

// Named, so that replies show a name and not the id, which holds what the cookie hides from scripts.
const toPrincipal = (id: string): Principal => ({ id: `visitor:${id}`, name: "anonymous" });

/** The prefix may come from the address: nothing in it may begin an attribute of its own. */
const pathOf = (prefix: string) => prefix.replaceAll(/[^\x21-\x3a\x3c-\x7e]+/g, encodeURIComponent);

/** 128 random bits as 22 characters. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .slice(0, 22);
}
