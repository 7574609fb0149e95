import { ChatError, type Clock, systemClock } from "@parlor/core";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from "jose";
import { credentialOf } from "./credential.ts";
import type { Authenticate, Principal } from "./principal.ts";
import type { Revocations } from "./revocations.ts";

export type { JSONWebKeySet, JWTPayload };

export type JwtOptions = (SecretOptions | KeySetOptions) & CommonOptions;

interface SecretOptions {
  /** 32 bytes or more (48 for HS384, 64 for HS512), for nothing but these tokens. */
  readonly secret: string | Uint8Array;
  /** Default HS256. */
  readonly algorithms?: readonly ("HS256" | "HS384" | "HS512")[];
  /** What `iss` must be; default: anything. */
  readonly issuer?: string | readonly string[];
  /** What `aud` must hold one of; default: anything. */
  readonly audience?: string | readonly string[];
}

interface KeySetOptions {
  /** A JSON Web Key Set, or where its issuer publishes it: fetched when first needed, kept for 10 minutes, without redirects. */
  readonly jwks: string | URL | JSONWebKeySet;
  /** Default RS256 and ES256. */
  readonly algorithms?: readonly PublicKeyAlgorithm[];
  /** Issuers sign tokens for many, so here both must be said. */
  readonly issuer: string | readonly string[];
  readonly audience: string | readonly string[];
}

type PublicKeyAlgorithm =
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA";

interface CommonOptions {
  /** Who a token's owner is; undefined refuses it. Default: `sub` is the id, `name` the name, nobody is an admin. */
  readonly principal?: (claims: JWTPayload) => Principal | undefined;
  /** Then tokens need a `jti`, and those that were revoked are refused. */
  readonly revocations?: Pick<Revocations, "isRevoked">;
  /** How far clocks may differ, in seconds; default 5. */
  readonly clockToleranceSeconds?: number;
  readonly clock?: Clock;
}

const secretBytes = { HS256: 32, HS384: 48, HS512: 64 } as const;

/**
 * Knows people by JSON Web Tokens (RFC 7519, checked as RFC 8725 asks): the signature by one of the algorithms named here, whatever the
 * token says of itself; `exp`, which must be there; `nbf`, `iss` and `aud`. Keys come from the options only, never from `jku` or `x5u`.
 * Throws a TypeError for a secret that is too short. A key set that cannot be fetched is a 503.
 */
export function jwt(options: JwtOptions): Authenticate {
  const { clock = systemClock, principal = defaultPrincipal, clockToleranceSeconds = 5, revocations } = options;
  const key = keyOf(options);
  const checks: JWTVerifyOptions = {
    algorithms: [...algorithmsOf(options)],
    requiredClaims: revocations ? ["exp", "jti"] : ["exp"],
    clockTolerance: clockToleranceSeconds,
    ...(options.issuer !== undefined && { issuer: listOf(options.issuer) }),
    ...(options.audience !== undefined && { audience: listOf(options.audience) }),
  };

  return async (request) => {
    const token = credentialOf(request);
    if (token === undefined) return undefined;
    const claims = await verify(token, key, { ...checks, currentDate: new Date(clock.now()) });
    if (claims && (await revocations?.isRevoked(String(claims.jti)))) {
      throw new ChatError("unauthorized", "This token has been revoked. Log in again.");
    }
    const who = claims && principal(claims);
    return who && { expiresAt: (claims.exp ?? 0) * 1000, ...who };
  };
}

/** What a good token says; undefined for one that is not good. Throws what keeps us from knowing. */
export async function verify(
  token: string,
  key: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload | undefined> {
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

const refusals = [
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSMultipleMatchingKeys,
  errors.JWKSNoMatchingKey,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
];

const isRefusal = (error: unknown) => refusals.some((kind) => error instanceof kind);

function algorithmsOf(options: JwtOptions): readonly string[] {
  return options.algorithms ?? ("secret" in options ? ["HS256"] : ["RS256", "ES256"]);
}

function keyOf(options: JwtOptions): JWTVerifyGetKey {
  const algorithms = algorithmsOf(options);
  if ("secret" in options) {
    const { secret } = options;
    const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
    for (const algorithm of algorithms) {
      const least = Object.hasOwn(secretBytes, algorithm) && secretBytes[algorithm as keyof typeof secretBytes];
      if (!least) throw new TypeError("jwt: a secret goes with HS256, HS384 and HS512 only");
      if (bytes.length < least) throw new TypeError(`jwt: the secret needs ${least} bytes or more for ${algorithm}`);
    }
    return async () => bytes;
  }
  if (algorithms.some((algorithm) => !/^(?:[RPE]S\d{3}|EdDSA)$/.test(algorithm))) {
    throw new TypeError("jwt: a key set goes with the algorithms of public keys only");
  }
  if (!options.issuer || !options.audience) throw new TypeError("jwt: a key set needs `issuer` and `audience`");
  const { jwks } = options;
  return typeof jwks === "string" || jwks instanceof URL ? createRemoteJWKSet(new URL(jwks)) : createLocalJWKSet(jwks);
}

function defaultPrincipal({ sub, name }: JWTPayload): Principal | undefined {
  if (typeof sub !== "string" || sub.length < 1 || sub.length > 256) return undefined;
  return { id: sub, ...(typeof name === "string" && { name }) };
}

const listOf = (value: string | readonly string[]) => (typeof value === "string" ? value : [...value]);
