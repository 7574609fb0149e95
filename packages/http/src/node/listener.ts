import type { TLSSocket } from "node:tls";
import type { Handler } from "../seam.ts";
import { notFound } from "../problem/problem.ts";
import { NodeRequest, type NodeIncoming, type NodeOutgoing } from "./request.ts";
import { respond, send } from "./respond.ts";

export interface Client {
  readonly ip: string | undefined;
  readonly secure: boolean;
}

export interface ListenerOptions {
  /** Where to mount, without a slash at the end: "/ai". Default: at the root. */
  readonly prefix?: string;
  /** The sender's address, and whether it came over TLS: for servers behind a proxy. Default: what the socket says. */
  readonly client?: (incoming: NodeIncoming) => Client;
  /** Gets what is not ours; default: a 404 as problem+json. */
  readonly notFound?: (incoming: NodeIncoming, outgoing: NodeOutgoing) => void;
}

/** For `createServer(listener(handler))`, HTTP/1 and HTTP/2. */
export function listener(
  handler: Handler<NodeIncoming>,
  options: ListenerOptions = {},
): (incoming: NodeIncoming, outgoing: NodeOutgoing) => void {
  const { prefix = "", client = clientOf, notFound: otherwise = answerNotFound } = options;
  if (prefix !== "" && !/^\/.*[^/]$/.test(prefix)) throw new TypeError('A prefix looks like "/ai"');
  return (incoming, outgoing) => {
    // RFC 9112, 3.2.2: a server must take the absolute form, too.
    const whole = (incoming.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "");
    const notOurs = () => otherwise(incoming, outgoing);
    const url = whole.slice(prefix.length);
    if (!whole.startsWith(prefix) || (url !== "" && url[0] !== "/" && url[0] !== "?")) return notOurs();
    const request = new NodeRequest(incoming, outgoing, {
      url: url[0] === "/" ? url : `/${url}`,
      prefix,
      ...client(incoming),
      raw: incoming,
    });
    respond(handler, request, outgoing, notOurs);
  };
}

function clientOf({ socket }: NodeIncoming): Client {
  return { ip: socket.remoteAddress, secure: (socket as TLSSocket).encrypted === true };
}

function answerNotFound(incoming: NodeIncoming, outgoing: NodeOutgoing): void {
  send(notFound(crypto.randomUUID()), incoming.method ?? "GET", outgoing);
}
