import type { MaybePromise } from "../maybe-promise.ts";
import type { HttpRequest } from "../seam.ts";

/** Who asks. */
export interface Principal {
  /** Owns the sessions; 1–256 characters. */
  readonly id: string;
  /** For people to read; default: the id. */
  readonly name?: string;
  /** May use `admin` routes. */
  readonly admin?: boolean;
  /** Milliseconds since 1970; from then on the credentials are refused. */
  readonly expiresAt?: number;
}

/** Undefined: these credentials are not mine. A throw means that they could not be checked and answers 503. */
export interface Authenticate<Raw = unknown> {
  (request: HttpRequest<Raw>): MaybePromise<Principal | undefined>;
  /** Where it finds the credentials, for the API's description. Default: a bearer token. */
  readonly scheme?: SecurityScheme;
}

/** An OpenAPI Security Scheme Object. */
export type SecurityScheme =
  | { readonly type: "http"; readonly scheme: "bearer" | "basic"; readonly bearerFormat?: string }
  | { readonly type: "apiKey"; readonly in: "header" | "query" | "cookie"; readonly name: string };

/** Throws a TypeError for a principal that could own nothing. */
export function checkPrincipal(principal: Principal): Principal {
  if (typeof principal.id !== "string" || principal.id.length === 0 || principal.id.length > 256) {
    throw new TypeError("`auth` must give principals an id of 1 to 256 characters");
  }
  return principal;
}
