import { ChatError, type Clock } from "@parlor/core";
import type { MaybePromise } from "../maybe-promise.ts";
import type { HandlerOptions } from "../options.ts";
import type { Route } from "../route.ts";
import type { HttpRequest } from "../seam.ts";
import { listedOrigins, trustedOrigins } from "../cors.ts";
import { isForeign } from "./cross-site.ts";
import { hasCredential } from "./credential.ts";
import { type Authenticate, checkPrincipal, type Principal } from "./principal.ts";
import { visitorOf, type Visitor } from "./visitor.ts";

const everybody: Visitor = { principal: { id: "anonymous" }, anonymous: true };
const unasked: Visitor = { principal: { id: "unasked" }, anonymous: true };

/** Decides who may use a route. Throws `unauthorized`, `forbidden`, `conflicting_credentials` or `auth_unavailable`. */
export type Gate<Raw> = (request: HttpRequest<Raw>, route: Route) => MaybePromise<Visitor>;

export function createGate<Raw>(options: HandlerOptions<Raw>, clock: Clock): Gate<Raw> {
  const { auth, access, sharedAnonymous = false, cors } = options;
  const methods: readonly Authenticate<Raw>[] = typeof auth === "function" ? [auth] : (auth ?? []);
  if (methods.length === 0 && access !== "public") {
    throw new TypeError('Parlor needs `auth`, or `access: "public"` to be open to everybody');
  }
  const shared = access === "public" && sharedAnonymous;
  const [trustedToReach, trustedWithCookies] = [trustedOrigins(cors, true), trustedOrigins(cors, false)];
  const listed = listedOrigins(cors);

  /** A host may say `null`, too, for nobody. */
  const isGood = (principal: Principal | null | undefined): principal is Principal =>
    !!principal && !(principal.expiresAt !== undefined && principal.expiresAt <= clock.now());

  /** Asks the methods in turn, from this one on. */
  function admit(request: HttpRequest<Raw>, from = 0): MaybePromise<Visitor> {
    for (let at = from; at < methods.length; at += 1) {
      const asked = ask(methods[at] as Authenticate<Raw>, request);
      if (asked instanceof Promise) {
        return asked.then((principal) =>
          isGood(principal) ? { principal, anonymous: false } : admit(request, at + 1),
        );
      }
      if (isGood(asked)) return { principal: asked, anonymous: false };
    }
    // Without an `auth` nobody could say whether credentials are good: they are ignored.
    if (access !== "public" || (methods.length > 0 && hasCredential(request))) {
      throw new ChatError("unauthorized", "Send valid credentials with this request.");
    }
    return sharedAnonymous ? everybody : visitorOf(request);
  }

  /** Pages of other sites do nothing with what a browser brings along by itself. */
  function refuseForeign(request: HttpRequest<Raw>, route: Route): void {
    const { cookie, authorization } = request.headers;
    const upgrade = request.kind === "ws";
    // Where all who reach the server share one owner, reaching it is the credential, and any page open in a browser there has it.
    const byReach = shared && (methods.length === 0 || !hasCredential(request));
    // Beside a cookie, a page can put a token of its own into an upgrade, as it cannot into a request.
    const byCookie = !(shared && methods.length === 0) && cookie !== undefined && (upgrade || !authorization);
    const harmless = !upgrade && (!(byReach || byCookie) || (request.method === "GET" && !route.startsTurn));
    // No CORS stands before a WebSocket: what it would keep from reading a reply must not open one, whatever token it has.
    const trusted = byCookie ? trustedWithCookies : byReach ? trustedToReach : listed;
    if (harmless || !isForeign(request, trusted)) return;
    throw new ChatError(
      "forbidden",
      byCookie
        ? "Pages of other sites may not do this with your cookies; list them in `cors`, with `credentials`."
        : "Pages of other sites may not do this; list their origins in `cors`.",
    );
  }

  function checkAdmin(visitor: Visitor): Visitor {
    if (visitor.principal?.admin) return visitor;
    throw new ChatError(
      "forbidden",
      methods.length === 0
        ? "Admin routes are off: give Parlor an `auth` whose principals say `admin: true`."
        : "This route is for admins: log in at POST /admin/login, or come as a principal with `admin: true`.",
    );
  }

  return (request, route) => {
    if (route.access === "public") return unasked;
    refuseForeign(request, route);
    const visitor = admit(request);
    if (route.access !== "admin") return visitor;
    return visitor instanceof Promise ? visitor.then(checkAdmin) : checkAdmin(visitor);
  };
}

/** At once where the method answers at once. */
function ask<Raw>(method: Authenticate<Raw>, request: HttpRequest<Raw>): MaybePromise<Principal | undefined> {
  let answer: MaybePromise<Principal | undefined>;
  try {
    answer = method(request);
  } catch (cause) {
    throw unchecked(cause);
  }
  if (!isThenable(answer)) return answer && checkPrincipal(answer);
  return Promise.resolve(answer).then(
    (principal) => principal && checkPrincipal(principal),
    (cause: unknown) => Promise.reject(unchecked(cause)),
  );
}

/** A promise of whatever make: `auth` is the host's. */
const isThenable = (answer: unknown): answer is Promise<Principal | undefined> =>
  typeof answer === "object" && answer !== null && "then" in answer;

const unchecked = (cause: unknown) =>
  ChatError.from(cause, "auth_unavailable", "Your credentials could not be checked. Try again in a moment.");
