import { ChatError } from "@parlor/core";
import { credentialOf, hasCredential } from "../auth/credential.ts";
import type { HttpRequest } from "../seam.ts";

/** The one subprotocol spoken here. */
const subprotocol = "parlor";
/** A page cannot send headers with an upgrade; this is where it can put a token that has no character but those of RFC 9110, 5.6.2. */
const tokenPrefix = "bearer.";

export interface Offer<Raw> {
  /** For the reply; undefined: the client offers none that is spoken here. The token is never sent back. */
  readonly subprotocol: string | undefined;
  /** The upgrade with its token where `auth` looks for it. */
  readonly request: HttpRequest<Raw>;
}

/** What `Sec-WebSocket-Protocol: parlor, bearer.<token>` says. Throws `conflicting_credentials` beside another token. */
export function offerOf<Raw>(request: HttpRequest<Raw>): Offer<Raw> {
  const { "sec-websocket-protocol": header = "", ...headers } = request.headers;
  const offered = header.split(",").map((one) => one.trim());
  const token = offered.find((one) => one.startsWith(tokenPrefix))?.slice(tokenPrefix.length);
  if (token !== undefined && hasCredential(request) && credentialOf(request) !== token) {
    throw new ChatError("conflicting_credentials", "Send one credential: by header or by subprotocol.");
  }
  return {
    subprotocol: offered.includes(subprotocol) ? subprotocol : undefined,
    request: token === undefined ? request : withToken({ ...derive(request), headers }, token),
  };
}

/** As if the token had come in the header; the same for a request that had another one. */
export function withToken<Raw>(request: HttpRequest<Raw>, token: string): HttpRequest<Raw> {
  const { "x-api-key": _, ...headers } = request.headers;
  return { ...derive(request), headers: { ...headers, authorization: `Bearer ${token}` } };
}

/** A request to be changed: one of a bridge may hide what it is made of. */
export function derive<Raw>(request: HttpRequest<Raw>): HttpRequest<Raw> {
  const { kind, method, path, prefix, query, headers, ip, secure, signal, raw } = request;
  const body = (limit: number) => request.body(limit);
  return { kind, method, path, prefix, query, headers, ip, secure, signal, raw, body };
}
