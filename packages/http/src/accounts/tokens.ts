import type { Clock } from "@parlor/core";
import { SignJWT } from "jose";
import { verify } from "../auth/jwt.ts";

/** A token that is ours and has not expired. Whether its login lives is another question. */
export interface Token {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const issuer = "parlor";
const audience = "parlor:admin";
const algorithm = "HS256";

export interface Tokens {
  sign(id: string, subject: string): Promise<string>;
  read(token: string): Promise<Token | undefined>;
}

/** JSON Web Tokens of this server's own, HS256. Throws a TypeError for a secret of less than 32 bytes. */
export function createTokens(secret: string, lifetimeMs: number, clock: Clock): Tokens {
  const key = new TextEncoder().encode(secret);
  if (key.length < 32) throw new TypeError("accounts: `secret` needs 32 bytes or more");
  return {
    sign(id, subject) {
      const now = Math.floor(clock.now() / 1000);
      return new SignJWT()
        .setProtectedHeader({ alg: algorithm, typ: "JWT" })
        .setSubject(subject)
        .setIssuer(issuer)
        .setAudience(audience)
        .setJti(id)
        .setIssuedAt(now)
        .setExpirationTime(now + Math.floor(lifetimeMs / 1000))
        .sign(key);
    },
    async read(token) {
      const claims = await verify(token, async () => key, {
        algorithms: [algorithm],
        issuer,
        audience,
        requiredClaims: ["exp", "jti"],
        currentDate: new Date(clock.now()),
      });
      return claims && { id: claims.jti ?? "", expiresAt: (claims.exp ?? 0) * 1000 };
    },
  };
}
