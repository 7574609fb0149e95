import { ChatError } from "@parlor/core";
import type { Gate } from "../auth/gate.ts";
import { hasCredential } from "../auth/credential.ts";
import { networkOf } from "../auth/network.ts";
import type { Rechecks } from "../auth/rechecks.ts";
import { countedAs, type Visitor } from "../auth/visitor.ts";
import type { Upgrade } from "../dispatch.ts";
import type { Logger } from "../options.ts";
import type { Route } from "../route.ts";
import type { HttpRequest } from "../seam.ts";
import type { Service } from "../service.ts";
import { Connection } from "./connection.ts";
import { offerOf } from "./offer.ts";

export function createUpgrade<Raw>(
  service: Service,
  gate: Gate<Raw>,
  rechecks: Rechecks<Raw>,
  logger: Logger | undefined,
): Upgrade<Raw> {
  const { engine, limits, openStreams, requestLimits } = service;
  const connections = new Set<Connection<Raw>>();
  engine.closing.addEventListener("abort", () => {
    for (const connection of connections) connection.leave();
  });

  /** Undefined: it brings no credentials, so its first message has to. */
  async function admit(request: HttpRequest<Raw>, route: Route): Promise<Visitor | undefined> {
    try {
      return await gate(request, route);
    } catch (error) {
      if (ChatError.isInstance(error) && error.code === "unauthorized" && !hasCredential(request)) return undefined;
      throw error;
    }
  }

  return async (exchange, route, protocol) => {
    if (engine.closing.aborted) {
      throw new ChatError("draining", "The server is shutting down. Connect again in a moment.", {
        retryAfterMs: 1_000,
      });
    }
    const { requestId, headers } = exchange;
    const { request, subprotocol } = offerOf(exchange.request);
    const visitor = await admit(request, route);
    let counted = visitor ? countedAs(visitor, request) : networkOf(request.ip);
    exchange.quotas = await requestLimits(route.group, counted);
    openStreams.check(counted);
    if (visitor?.setCookie) headers["set-cookie"] = visitor.setCookie;
    return {
      status: 101,
      headers: subprotocol === undefined ? {} : { "sec-websocket-protocol": subprotocol },
      body: undefined,
      socket: {
        messageBytes: limits.socketMessageBytes,
        open(socket) {
          let leave = openStreams.add(counted);
          const countAs = (key: string) => {
            if (key === counted) return;
            const place = openStreams.take(key);
            leave();
            leave = place;
            counted = key;
          };
          const connection: Connection<Raw> = new Connection(
            {
              service,
              gate,
              rechecks,
              protocol,
              request,
              route,
              visitor,
              requestId,
              onVisitor(known) {
                countAs(countedAs(known, request));
                exchange.principal = known.principal;
              },
              onFailure: (error) => logger?.error({ request_id: requestId, err: error }, "message failed"),
              onClose() {
                connections.delete(connection);
                leave();
              },
            },
            socket,
          );
          connections.add(connection);
          if (engine.closing.aborted) connection.leave();
          return connection;
        },
      },
    };
  };
}
