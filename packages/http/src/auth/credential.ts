import { ChatError } from "@parlor/core";
import type { HttpRequest } from "../seam.ts";

/** RFC 6750, its scheme in any case. */
const inHeader = /^bearer +(\S+)$/i;

/** Whether this could be a token: any printable ASCII, for keys are not always JWTs. */
export function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]{1,16384}$/.test(value);
}

/**
 * The token of a request: `Authorization: Bearer …`, or `X-API-Key`. Undefined: none that could be one. Every method asks here, so that
 * no header is a way around another's rules. Throws `conflicting_credentials` where the two headers do not say the same.
 */
export function credentialOf({ headers }: Pick<HttpRequest, "headers">): string | undefined {
  const authorization = headers["authorization"];
  const key = headers["x-api-key"];
  const header = authorization ?? (key === undefined ? "" : `Bearer ${key}`);
  const found = inHeader.exec(header)?.[1];
  const token = isToken(found) ? found : undefined;
  if (authorization !== undefined && key !== undefined && key !== token) {
    throw new ChatError(
      "conflicting_credentials",
      "Send one credential: `Authorization` and `X-API-Key` of this request differ.",
    );
  }
  return token;
}

/** Whether a request tries to say who it is, be it well or badly. */
export function hasCredential({ headers }: Pick<HttpRequest, "headers">): boolean {
  return headers["authorization"] !== undefined || headers["x-api-key"] !== undefined;
}
