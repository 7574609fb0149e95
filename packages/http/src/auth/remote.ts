import { ChatError, type Clock, systemClock } from "@parlor/core";
import { decodeJwt } from "jose";
import { BoundedCache } from "./bounded-cache.ts";
import { credentialOf } from "./credential.ts";
import { type Authenticate, checkPrincipal, type Principal } from "./principal.ts";
import { createTokenHash } from "./token-hash.ts";
import { createValidator } from "./validator.ts";

export interface RemoteOptions {
  /** Of the service, without `/auth/validate`. */
  readonly url: string | URL;
  /** Goes out as `X-Internal-API-Key`. */
  readonly internalKey: string;
  /** How long an answer holds, in milliseconds, and never beyond the token's own expiry; default 300,000. A refusal holds 10,000 at most. */
  readonly ttlMs?: number;
  /** How long the service may take, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
  /** Who the service's JSON speaks of; undefined refuses the token. Default: as described at `remote`. */
  readonly principal?: (answer: Readonly<Record<string, unknown>>) => Principal | undefined;
  readonly clock?: Clock;
}

const refusalMs = 10_000;
const mostKnown = 10_000;
/** Of their own, so that made-up tokens push out nobody who is known. */
const mostRefused = 1_000;

/**
 * Knows people by asking another service: `POST {url}/auth/validate` with `X-Internal-API-Key` and `{"token"}`. It answers 200 with
 * `{valid, user_id, username?, is_admin?, exp?}` (`exp` in seconds since 1970), and refuses by `valid: false`, 400, 401, 403 or 422. Whatever
 * else happens is a 503. Many requests with a token that is new ask once. Throws a TypeError for an address or a key that cannot be.
 */
export function remote(options: RemoteOptions): Authenticate {
  const { clock = systemClock, ttlMs = 300_000, timeoutMs = 5_000, principal = defaultPrincipal } = options;
  if (!(ttlMs >= 0) || !(timeoutMs > 0)) throw new TypeError("remote: `ttlMs` and `timeoutMs` are milliseconds");
  const validate = createValidator({ url: new URL(options.url), internalKey: options.internalKey, timeoutMs });
  const hash = createTokenHash();
  const known = new BoundedCache<Principal>(mostKnown, clock);
  const refused = new BoundedCache<undefined>(mostRefused, clock);
  const asking = new Map<string, Promise<Principal | undefined>>();

  async function ask(token: string, key: string): Promise<Principal | undefined> {
    const answer = await validate(token);
    const who = answer && principal(answer);
    if (!who) {
      refused.set(key, undefined, Math.min(ttlMs, refusalMs));
      return undefined;
    }
    const expiresAt = Math.min(who.expiresAt ?? Infinity, expiryOf(token));
    const until = Number.isFinite(expiresAt) ? { ...who, expiresAt } : who;
    known.set(key, checkPrincipal(until), Math.min(ttlMs, expiresAt - clock.now()));
    return until;
  }

  return async (request) => {
    const token = credentialOf(request);
    if (token === undefined) return undefined;
    const key = await hash(token);
    const kept = known.get(key) ?? refused.get(key);
    if (kept) return kept.value;
    const running = asking.get(key) ?? ask(token, key).finally(() => asking.delete(key));
    asking.set(key, running);
    return running;
  };
}

function defaultPrincipal(answer: Readonly<Record<string, unknown>>): Principal | undefined {
  const { user_id: id, username: name, is_admin: admin, exp } = answer;
  if (typeof id !== "string" && typeof id !== "number") {
    throw new ChatError("auth_unavailable", "The service that checks credentials did not say whose they are.");
  }
  return {
    id: String(id),
    ...(typeof name === "string" && { name }),
    ...(admin === true && { admin }),
    ...(typeof exp === "number" && { expiresAt: exp * 1000 }),
  };
}

/** What a token says of its own end. Not verified, it may only shorten. */
function expiryOf(token: string): number {
  try {
    return (decodeJwt(token).exp ?? Infinity) * 1000;
  } catch {
    return Infinity;
  }
}
