import type { CorsOptions } from "@parlor/http";
import type { Trust } from "./trust-proxy.ts";
import type { Variables } from "./variables.ts";

/** Who may do what, and who says who they are. */
export interface Access {
  /** Who comes without credentials: shares one owner, is a visitor of its own, or is turned away. */
  readonly anonymous: "shared" | "visitor" | "refused";
  /** API_KEY and API_TOKEN: one user, two names. */
  readonly tokens: readonly string[];
  readonly jwt: readonly JwtAccess[];
  readonly service?: { readonly url: string; readonly internalKey: string; readonly ttlMs?: number };
  readonly admin: {
    /** Absent: a random one, until this process ends. */
    readonly secret?: string;
    readonly username?: string;
    readonly password?: string;
    readonly lifetimeMs?: number;
  };
  readonly cors?: CorsOptions;
  readonly trust?: Trust;
}

export interface JwtAccess {
  readonly key: { readonly secret: string } | { readonly jwksUrl: string };
  readonly issuer?: string;
  readonly audience?: string;
}

interface Chosen {
  readonly choice: Access;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/** What sample configurations and manuals make the first password. */
const knownPasswords =
  /^(?:admin|root|parlor|chatbot|password|passw0rd|p@ssw0rd|secret|welcome|letmein|changeme|change-me|default|test|qwerty|iloveyou|abc)?[\d!@#_.-]*$/i;
const leastTokenCharacters = 16;

export function chooseAccess(variables: Variables): Chosen {
  const { AUTH_SERVICE_URL: url, INTERNAL_API_KEY: internalKey, AUTH_CACHE_TTL_SECONDS: ttlSeconds } = variables;
  const { SECRET_KEY: secret, ACCESS_TOKEN_EXPIRE_MINUTES: minutes, TRUST_PROXY: trust } = variables;
  const { DEFAULT_ADMIN_USERNAME: username, DEFAULT_ADMIN_PASSWORD: password } = variables;
  const tokens = [...new Set([variables.API_KEY ?? [], variables.API_TOKEN ?? []].flat())];
  const jwt = jwtOf(variables);
  const known = tokens.length > 0 || jwt.length > 0 || url !== undefined;
  const production = variables.ENVIRONMENT === "production";
  const anonymous = variables.PUBLIC_ACCESS ? "visitor" : known || production ? "refused" : "shared";
  const cors = corsOf(variables);
  return {
    choice: {
      anonymous,
      tokens,
      jwt,
      ...(url !== undefined &&
        internalKey !== undefined && {
          service: { url, internalKey, ...(ttlSeconds !== undefined && { ttlMs: ttlSeconds * 1000 }) },
        }),
      admin: {
        ...(secret !== undefined && { secret }),
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
        ...(minutes !== undefined && { lifetimeMs: minutes * 60_000 }),
      },
      ...(cors && { cors }),
      ...(trust && { trust }),
    },
    faults: [...faultsOf(variables), ...(production ? productionFaultsOf(variables, tokens, known) : [])],
    warnings: warningsOf(variables),
  };
}

function jwtOf({ JWT_SECRET, JWKS_URL, JWT_ISSUER: issuer, JWT_AUDIENCE: audience }: Variables): JwtAccess[] {
  const checks = { ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) };
  return [
    ...(JWT_SECRET === undefined ? [] : [{ key: { secret: JWT_SECRET }, ...checks }]),
    ...(JWKS_URL === undefined ? [] : [{ key: { jwksUrl: JWKS_URL }, ...checks }]),
  ];
}

/** Pages of listed origins may act with what their browsers bring along; of all origins, with tokens only. */
function corsOf({ CORS_ORIGINS: listed = [], FRONTEND_URL: frontend }: Variables): CorsOptions | undefined {
  if (listed.includes("*")) return { origins: "*" };
  const origins = [...new Set([...listed, ...(frontend === undefined ? [] : [new URL(frontend).origin])])];
  return origins.length > 0 ? { origins, credentials: true } : undefined;
}

function faultsOf(variables: Variables): string[] {
  const { AUTH_SERVICE_URL, INTERNAL_API_KEY, JWKS_URL, JWT_ISSUER, JWT_AUDIENCE } = variables;
  return [
    ...(AUTH_SERVICE_URL !== undefined && INTERNAL_API_KEY === undefined
      ? ["INTERNAL_API_KEY must be set for AUTH_SERVICE_URL"]
      : []),
    ...(JWKS_URL !== undefined && (JWT_ISSUER === undefined || JWT_AUDIENCE === undefined)
      ? ["JWT_ISSUER and JWT_AUDIENCE must be set for JWKS_URL: its keys sign tokens for others, too"]
      : []),
  ];
}

function productionFaultsOf(variables: Variables, tokens: readonly string[], known: boolean): string[] {
  const { SECRET_KEY, PUBLIC_ACCESS, DEFAULT_ADMIN_PASSWORD: password, DEFAULT_ADMIN_USERNAME: username } = variables;
  const isKnown = password !== undefined && (knownPasswords.test(password) || password === username);
  return [
    ...(SECRET_KEY === undefined ? ["SECRET_KEY must be set for ENVIRONMENT=production: 32 random bytes or more"] : []),
    ...(isKnown ? ["DEFAULT_ADMIN_PASSWORD is a known default: ENVIRONMENT=production needs another one"] : []),
    ...(tokens.some((token) => token.length < leastTokenCharacters)
      ? [`API_KEY and API_TOKEN need ${leastTokenCharacters} characters or more for ENVIRONMENT=production`]
      : []),
    ...(known || PUBLIC_ACCESS
      ? []
      : [
          "ENVIRONMENT=production needs to know who may chat: set API_KEY, JWT_SECRET, JWKS_URL or AUTH_SERVICE_URL, or PUBLIC_ACCESS=true",
        ]),
  ];
}

function warningsOf(variables: Variables): string[] {
  const without = (name: keyof Variables, needed: string, there: boolean) =>
    variables[name] !== undefined && !there ? [`${name} is set, but does nothing without ${needed}`] : [];
  const { AUTH_SERVICE_URL: url, JWT_SECRET, JWKS_URL } = variables;
  const service = url !== undefined;
  const jwt = JWT_SECRET !== undefined || JWKS_URL !== undefined;
  return [
    // INTERNAL_API_KEY may be there for an inference service.
    ...without("AUTH_CACHE_TTL_SECONDS", "AUTH_SERVICE_URL", service),
    ...without("JWT_ISSUER", "JWT_SECRET or JWKS_URL", jwt),
    ...without("JWT_AUDIENCE", "JWT_SECRET or JWKS_URL", jwt),
  ];
}
