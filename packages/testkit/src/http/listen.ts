import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Served } from "./suite.ts";

/** Serves on a free port of 127.0.0.1. `attach`: gets the server before its first request. */
export async function listen(listener: RequestListener, attach?: (server: Server) => void): Promise<Served> {
  const server = createServer(listener);
  // Those that have become WebSockets are no longer the server's to close.
  const connections = new Set<Socket>();
  server.on("connection", (connection) => {
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
  });
  attach?.(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      for (const connection of connections) connection.destroy();
      await once(server, "close");
    },
  };
}
