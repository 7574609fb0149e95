import type { HttpReply } from "./seam.ts";

/** Answers an upgrade with a reply of status 101, and makes the connection a WebSocket. */
export type TakeOver = (reply: HttpReply) => void;

// On the response, which a framework hands through whatever it does to it; the same for every copy of this package.
const key = Symbol.for("parlor.takeOver");

export function setTakeOver(outgoing: object, takeOver: TakeOver): void {
  Object.defineProperty(outgoing, key, { value: takeOver });
}

/** Undefined: this is the response to a request that asks for no WebSocket, or on a server that lets none through. */
export function takeOverOf(outgoing: object | undefined): TakeOver | undefined {
  return (outgoing as { readonly [key]?: TakeOver } | undefined)?.[key];
}
