import { ChatError, type Quota } from "@parlor/core";
import type { Gate } from "./auth/gate.ts";
import { networkOf } from "./auth/network.ts";
import type { Principal } from "./auth/principal.ts";
import { bearerOf, countedAs, type Visitor } from "./auth/visitor.ts";
import { readInput } from "./input/validate.ts";
import type { MaybePromise } from "./maybe-promise.ts";
import { noContent } from "./reply.ts";
import type { MountedRoute } from "./route.ts";
import type { Match } from "./router.ts";
import type { HttpReply, HttpRequest } from "./seam.ts";
import type { Service } from "./service.ts";
import { sseHeaders } from "./stream/sse.ts";
import type { SocketProtocol } from "./ws/protocol.ts";

/** What serving a request finds out on the way, kept also when it fails. */
export interface Exchange<Raw = unknown> {
  readonly request: HttpRequest<Raw>;
  readonly match: Match;
  readonly requestId: string;
  /** Go onto the reply, whatever it is. */
  readonly headers: Record<string, string>;
  principal: Principal | undefined;
  /** Undefined: nobody was let in. */
  visitor?: Visitor;
  /** What limits said. */
  quotas: readonly Quota[];
  /** Frees its place among the open streams; undefined: it has none. */
  leave?: () => void;
}

/** Replies 101 to an upgrade, with what takes the socket over. Throws what refuses it before that. */
export type Upgrade<Raw> = (
  exchange: Exchange<Raw>,
  route: MountedRoute,
  protocol: SocketProtocol,
) => Promise<HttpReply>;

interface Doors<Raw> {
  readonly service: Service;
  readonly gate: Gate<Raw>;
  readonly upgrade: Upgrade<Raw>;
}

/** From a matched path to its route's reply. Throws what refuses or fails it. */
export async function dispatch<Raw>(exchange: Exchange<Raw>, doors: Doors<Raw>): Promise<HttpReply> {
  const { request, match, requestId, headers } = exchange;
  const { route, params, allow } = match;
  if (!route) {
    headers["allow"] = allow.join(", ");
    if (request.method === "OPTIONS") return noContent();
    throw new ChatError("method_not_allowed", `This path takes ${allow.join(", ")}.`);
  }
  if (route.socket && request.kind === "ws") return doors.upgrade(exchange, route, route.socket);
  const admitted = admit(exchange, route, doors);
  const visitor = (exchange.visitor = admitted instanceof Promise ? await admitted : admitted);
  if (visitor.setCookie) headers["set-cookie"] = visitor.setCookie;
  if (route.access !== "public") exchange.principal = visitor.principal;
  if (request.method === "HEAD" && route.startsTurn) return { status: 200, headers: sseHeaders, body: undefined };
  const { requestLimits, openStreams, limits } = doors.service;
  const counted = countedAs(visitor, request);
  if (route.access !== "public") {
    const quotas = requestLimits(route.group, counted);
    exchange.quotas = quotas instanceof Promise ? await quotas : quotas;
  }
  if (route.startsTurn) exchange.leave = openStreams.take(counted);
  const input: { session_id?: unknown; id?: unknown } = await readInput(route, request, params, limits.bodyBytes);
  const own = (session: unknown) => visitor.principal ?? (exchange.principal = bearerOf(session));
  const principal = own(input.session_id ?? input.id);
  const limitKey = visitor.anonymous ? counted : undefined;
  const onQuotas = (quotas: readonly Quota[]) => void (exchange.quotas = [...exchange.quotas, ...quotas]);
  const reply = await route.handle(input, {
    request,
    principal,
    own,
    limitKey,
    requestId,
    onQuotas,
    replyHeaders: headers,
  });
  if (typeof reply.body === "function") exchange.leave ??= openStreams.take(counted);
  return reply;
}

/** Guessing has its limit, too: credentials that are not good count for the address they come from. */
function admit<Raw>(
  exchange: Exchange<Raw>,
  route: MountedRoute,
  { gate, service }: Doors<Raw>,
): MaybePromise<Visitor> {
  const { request } = exchange;
  const refuse = async (error: unknown): Promise<never> => {
    if (ChatError.isInstance(error) && error.code === "unauthorized") {
      exchange.quotas = await service.requestLimits(route.group, networkOf(request.ip));
    }
    throw error;
  };
  try {
    const visitor = gate(request, route);
    return visitor instanceof Promise ? visitor.catch(refuse) : visitor;
  } catch (error) {
    return refuse(error);
  }
}
