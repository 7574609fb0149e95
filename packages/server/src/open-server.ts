import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Handler, notFound } from "@parlor/http";
import { attach, listener, type NodeIncoming } from "@parlor/http/node";
import type { Logger } from "pino";
import { createClientAddress } from "./client-address.ts";
import type { Config } from "./config/read-config.ts";
import type { Trust } from "./config/trust-proxy.ts";
import { foreignHost, isLocalHost, isLoopback } from "./local-host.ts";
import { StartError } from "./start-error.ts";
import { createTurnAway } from "./turn-away.ts";

export interface ServerOptions {
  readonly listen: Config["listen"];
  readonly logger: Logger;
  /** Which proxies are believed. */
  readonly trust?: Trust | undefined;
  /** Reaching it is the credential: on a loopback address, names that lead here from elsewhere are refused. */
  readonly open: boolean;
  /** Default: at the root. */
  readonly prefix?: string;
}

export interface OpenServer {
  /** Where it answers: `http://127.0.0.1:8000`. */
  readonly url: string;
  /** From now on each reply is its connection's last. */
  retire(): void;
  /** Ends its WebSockets, stops listening, and cuts what is left a second later. */
  close(): Promise<void>;
}

/** How long replies that are written may take to leave once every turn has ended. */
const flushMs = 1_000;

/** The HTTP server of `parlor`, with what it does not know answered 404. Throws a `StartError` where it cannot listen. */
export async function openServer(handler: Handler<NodeIncoming>, options: ServerOptions): Promise<OpenServer> {
  const { open, trust, prefix = "" } = options;
  const turnAway = createTurnAway(options.logger);
  const answer = listener(handler, { client: createClientAddress(trust), notFound: turnAway(notFound), prefix });
  const refuseHost = turnAway(foreignHost);
  let onlyLocal = open;
  let retiring = false;
  const server = createServer(
    {
      headersTimeout: 10_000,
      // For a request to arrive; a reply may take as long as it likes.
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
      // A message of 32,000 characters fits the query of GET /api/v1/chat/stream, percent-encoded.
      maxHeaderSize: 384 * 1024,
    },
    (request, response) => {
      if (retiring) response.shouldKeepAlive = false;
      if (onlyLocal && !isLocalHost(request.headers.host)) refuseHost(request, response);
      else answer(request, response);
    },
  );
  const detach = attach(server, { path: prefix });
  await listen(server, options.listen);
  onlyLocal = open && isLoopback((server.address() as AddressInfo).address);
  return {
    url: urlOf(server),
    retire: () => void (retiring = true),
    async close() {
      detach();
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      const late = setTimeout(() => server.closeAllConnections(), flushMs);
      await closed;
      clearTimeout(late);
    },
  };
}

function listen(server: Server, { host, port }: Config["listen"]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve);
  server.once("error", (error: NodeJS.ErrnoException) => {
    const why: Record<string, string> = {
      EADDRINUSE: `PORT ${port} on ${host} is taken by another program; set PORT to another one`,
      EACCES: `PORT ${port} on ${host} may not be opened by this user; set PORT to 1024 or more`,
      EADDRNOTAVAIL: `HOST ${host} is no address of this machine`,
      ENOTFOUND: `HOST ${host} cannot be resolved`,
    };
    reject(new StartError(why[error.code ?? ""] ?? `cannot listen on ${host} port ${port}`, { cause: error }));
  });
  server.listen({ host, port, backlog: 8192 });
  return promise;
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  const everywhere = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[address];
  return `http://${everywhere ?? (family === "IPv6" ? `[${address}]` : address)}:${port}`;
}
