import { ChatError } from "@parlor/core";
import { type HttpReply, problem } from "@parlor/http";

/**
 * Whether a request's Host names this machine, or an address. A page whose own name was made to point here (DNS rebinding) counts
 * as a page of this origin to its browser; only the name that it sends gives it away. What sends no Host is no browser.
 */
export function isLocalHost(host: string | undefined): boolean {
  if (host === undefined) return true;
  const hostname = URL.parse(`http://${host}`)?.hostname ?? "";
  return /^(?:\[.+\]|[\d.]+|(?:.+\.)?localhost\.?)$/.test(hostname);
}

/** Whether a bound address can be reached from this machine alone. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}

/** What another Host gets. */
export function foreignHost(requestId: string): HttpReply {
  const detail =
    "This server has no authentication and listens on this machine only, so it answers to localhost and to IP addresses, not to other names. A proxy in front of it must send `Host: localhost`.";
  const reply = problem(new ChatError("forbidden", detail), requestId);
  return { ...reply, headers: { ...reply.headers, "x-request-id": requestId } };
}
