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
export type Authenticate<Raw = unknown> = (request: HttpRequest<Raw>) => MaybePromise<Principal | undefined>;
