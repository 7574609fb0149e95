import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { setTakeOver } from "../take-over.ts";
import { socketPath } from "../ws/socket-path.ts";
import { openWebSocket } from "./web-socket.ts";

/** A server of node:http or node:https, or one of node:http2 with `allowHTTP1`. */
export interface UpgradeServer {
  prependListener(
    event: "upgrade",
    listener: (incoming: IncomingMessage, stream: Duplex, head: Buffer) => void,
  ): unknown;
  emit(event: "request", incoming: IncomingMessage, outgoing: ServerResponse): boolean;
  listenerCount(event: "upgrade"): number;
}

export interface AttachOptions {
  /** Where Parlor is mounted: "/ai", or "/shops/:shop/chat" for any shop. Default: at the root. */
  readonly path?: string;
}

interface Mount {
  readonly pattern: RegExp;
  readonly open: Set<WebSocket>;
}

/** Of every server that is listened to. */
const mounts = new WeakMap<UpgradeServer, Set<Mount>>();

/**
 * Lets WebSockets through on a server. An upgrade to Parlor's path goes the way of every request, through the app and its middleware,
 * and becomes a WebSocket where it meets Parlor. Other upgrades are left to their own listeners. Gives what ends it: no new sockets,
 * and 1001 for those that are open.
 */
export function attach(server: UpgradeServer, { path = "" }: AttachOptions = {}): () => void {
  const mount: Mount = { pattern: patternOf(path), open: new Set() };
  const here = mounts.get(server) ?? listenTo(server);
  here.add(mount);
  return () => {
    here.delete(mount);
    for (const webSocket of mount.open)
      webSocket.close(1001, "The server is shutting down. Connect again in a moment.");
  };
}

/** One listener for all mounts of a server, so that none of them is another's stranger. */
function listenTo(server: UpgradeServer): Set<Mount> {
  const here = new Set<Mount>();
  mounts.set(server, here);
  const mountOf = ({ url = "/" }: IncomingMessage) => [...here].find(({ pattern }) => pattern.test(url));
  const hasOthers = () => server.listenerCount("upgrade") > 1;
  // Before others: some answer whatever nobody has taken.
  server.prependListener("upgrade", (incoming, stream, head) => {
    const mount = mountOf(incoming);
    if (mount) lead(server, mount, incoming, stream as Socket, head);
    else if (!hasOthers()) stream.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  leaveOrdinary(server, (incoming) => mountOf(incoming) !== undefined, hasOthers);
  return here;
}

/**
 * Having a listener makes Node take every request with an `Upgrade` field out of the ordinary way, those of clients that would like
 * HTTP/2 among them. Nodes that ask before (22.21, 24.9) are told not to, for what nobody waits for.
 */
function leaveOrdinary(
  server: UpgradeServer & { shouldUpgradeCallback?: (incoming: IncomingMessage) => boolean },
  isOurs: (incoming: IncomingMessage) => boolean,
  hasOthers: () => boolean,
): void {
  const theirs = server.shouldUpgradeCallback;
  if (!theirs) return;
  server.shouldUpgradeCallback = (incoming) => isOurs(incoming) || (hasOthers() && theirs.call(server, incoming));
}

/** Sends an upgrade through the app, as a request whose response can be taken over. */
function lead(server: UpgradeServer, mount: Mount, incoming: IncomingMessage, stream: Socket, head: Buffer): void {
  // Node has taken its own listener away, and an error that nobody hears would end the process.
  stream.on("error", () => {});
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  try {
    outgoing.assignSocket(stream);
  } catch {
    // The reply to the request before it is still being written: no client that means well does this.
    stream.destroy();
    return;
  }
  outgoing.once("finish", () => stream.destroySoon());
  setTakeOver(outgoing, (reply) => {
    // What the app may still write to this response must not get into the frames.
    outgoing.detachSocket(stream);
    stream.once("close", () => outgoing.emit("close"));
    openWebSocket(reply, { incoming, stream, head }, mount.open);
  });
  server.emit("request", incoming, outgoing);
}

/** Of the WebSockets below a mount, in a request's target of either form. */
function patternOf(path: string): RegExp {
  const segments = path.replace(/\/$/, "").split(/:\w+/);
  const mount = segments.map((text) => text.replaceAll(/[^\w/]/g, String.raw`\$&`)).join("[^/]+");
  return new RegExp(String.raw`^(?:https?://[^/?]*)?${mount}${socketPath}/?(?:\?|$)`, "i");
}
