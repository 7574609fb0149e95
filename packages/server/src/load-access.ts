import { randomBytes } from "node:crypto";
import type { ChatEngine } from "@parlor/core";
import { type Authenticate, bearer, type HandlerOptions, jwt, remote } from "@parlor/http";
import { accounts, type Credentials } from "@parlor/http/accounts";
import type { Access, JwtAccess } from "./config/choose-access.ts";

/** Owns what comes with API_KEY or API_TOKEN. */
const tokenOwner = { id: "api", name: "api" };

export interface LoadedAccess {
  readonly options: Pick<HandlerOptions, "auth" | "access" | "sharedAnonymous" | "cors">;
  /** The administrator that this start has made with a random password. */
  readonly created: Credentials | undefined;
}

/** Makes the account of the first start. Throws `store_unavailable`. */
export async function loadAccess(engine: ChatEngine, access: Access): Promise<LoadedAccess> {
  const { secret = randomBytes(32).toString("base64url"), ...admin } = access.admin;
  const admins = await accounts(engine, { secret, ...admin });
  // Admins first: what is a token of theirs is nobody else's.
  const auth: Authenticate[] = [admins];
  if (access.tokens.length > 0)
    auth.push(bearer(Object.fromEntries(access.tokens.map((token) => [token, tokenOwner]))));
  auth.push(...access.jwt.map(toJwt));
  if (access.service) auth.push(remote(access.service));
  return {
    options: {
      auth,
      ...(access.anonymous !== "refused" && { access: "public", sharedAnonymous: access.anonymous === "shared" }),
      ...(access.cors && { cors: access.cors }),
    },
    created: admins.created,
  };
}

/** The claim `admin: true` makes an admin: whoever signs the tokens decides. */
function toJwt({ key, issuer, audience }: JwtAccess): Authenticate {
  const principal: Parameters<typeof jwt>[0]["principal"] = ({ sub, name, admin }) => {
    if (typeof sub !== "string" || sub.length < 1 || sub.length > 256) return undefined;
    return { id: sub, ...(typeof name === "string" && { name }), ...(admin === true && { admin }) };
  };
  if ("secret" in key) {
    return jwt({
      ...key,
      principal,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    });
  }
  return jwt({ jwks: key.jwksUrl, principal, issuer: issuer ?? "", audience: audience ?? "" });
}

/** Who may chat, for whoever starts the server. */
export function describeAccess({ anonymous, tokens, jwt, service }: Access, url: string): string {
  if (anonymous === "shared") return `open: everybody who reaches ${url} shares one owner, "anonymous"`;
  const ways = [
    ...(tokens.length > 0 ? ["API_KEY"] : []),
    ...(jwt.length > 0 ? ["JSON Web Tokens"] : []),
    ...(service ? ["tokens that AUTH_SERVICE_URL knows"] : []),
  ];
  const known = ways.length > 0 ? `by ${ways.join(", ")}` : "";
  if (anonymous === "refused") return known;
  return `public: each browser is a visitor of its own${known && `; known people ${known}`}`;
}
