import type { ChatEngine } from "@parlor/core";
import { hasCredential } from "./auth/credential.ts";
import { createGate } from "./auth/gate.ts";
import { Rechecks } from "./auth/rechecks.ts";
import { createCors } from "./cors.ts";
import { dispatch, type Exchange } from "./dispatch.ts";
import { quotaFields } from "./limits/quota-fields.ts";
import type { HandlerOptions } from "./options.ts";
import { toChatError } from "./problem/failure-format.ts";
import { problemFormat } from "./problem/problem.ts";
import { requestIdOf } from "./request-id.ts";
import { logRequest } from "./request-log.ts";
import { createRouter, type Match } from "./router.ts";
import type { Handler, HttpHeaders, HttpReply, HttpRequest, SocketOpening, StreamBody } from "./seam.ts";
import { createService } from "./service.ts";
import { routesOf } from "./surfaces/routes.ts";
import { createUpgrade } from "./ws/upgrade.ts";

/** No guessing of types, and no use by pages of other sites but by CORS. */
const everyReply: HttpHeaders = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};

/**
 * Everything between a request and the engine: routes, access, validation, errors, streams. Adapters translate, and call it.
 * Throws a TypeError when neither `auth` nor `access: "public"` is given.
 */
export function createHandler<Raw = unknown>(engine: ChatEngine, options: HandlerOptions<Raw>): Handler<Raw> {
  const { clock } = engine;
  const { logger, metrics } = options;
  metrics?.watch(engine);
  const service = createService(engine, options);
  const gate = createGate(options, clock);
  const rechecks = new Rechecks(gate, clock, service.times.recheckMs);
  const upgrade = createUpgrade(service, gate, rechecks, logger);
  const cors = createCors(options.cors);
  const find = createRouter(routesOf(service));

  async function serve(request: HttpRequest<Raw>, match: Match): Promise<HttpReply> {
    const startedAt = clock.monotonic();
    const requestId = requestIdOf(request.headers["x-request-id"]);
    const headers = { ...everyReply, "x-request-id": requestId, ...cors(request, match.allow) };
    const exchange: Exchange<Raw> = { request, match, requestId, headers, principal: undefined, quotas: [] };
    let failure: unknown;
    let reply: HttpReply;
    try {
      reply = await dispatch(exchange, { service, gate, upgrade });
    } catch (error) {
      failure = error;
      reply = (match.failure ?? problemFormat).reply(toChatError(error), requestId, challenge(request));
    }
    Object.assign(headers, quotaFields(exchange.quotas, failure));
    const over = () => {
      exchange.leave?.();
      if (!metrics && !logger) return;
      const ms = clock.monotonic() - startedAt;
      metrics?.request({ method: request.method, route: match.route?.path, status: reply.status, ms });
      if (logger) logRequest(logger, exchange, { status: reply.status, ms, failure });
    };
    if (reply.socket) {
      const socket = told(reply.socket, counted(over));
      return { ...reply, headers: { ...reply.headers, ...headers }, socket };
    }
    if (typeof reply.body === "function") {
      const body = whenClosed(reply.body, counted(over));
      return { status: reply.status, headers: { ...reply.headers, ...headers }, body: guarded(body, exchange) };
    }
    over();
    const processTime = { "x-process-time": ((clock.monotonic() - startedAt) / 1000).toFixed(6) };
    return { ...reply, headers: { ...reply.headers, ...headers, ...processTime } };
  }

  /** What streams is counted while it does. */
  function counted(over: () => void): () => void {
    const end = metrics?.stream();
    if (!end) return over;
    return () => {
      end();
      over();
    };
  }

  /** A stream ends when its reader's credentials do: cut off, so that nobody takes it for whole. */
  function guarded(body: StreamBody, { request, match: { route }, visitor }: Exchange<Raw>): StreamBody {
    if (!route || !visitor) return body;
    return (sink) => {
      const leave = rechecks.watch({ request, route, visitor }, () => sink.abort());
      const close = body(sink);
      return () => {
        leave();
        close();
      };
    };
  }

  return {
    handle(request) {
      const match = find(request.method, request.path);
      return match && serve(request, match);
    },
  };
}

function whenClosed(body: StreamBody, callback: () => void): StreamBody {
  return (sink) => {
    const close = body(sink);
    return () => {
      close();
      callback();
    };
  };
}

function told(opening: SocketOpening, over: () => void): SocketOpening {
  const open: SocketOpening["open"] = (socket) => {
    const events = opening.open(socket);
    return {
      onMessage: (text) => events.onMessage(text),
      onPong: () => events.onPong(),
      onDrain: () => events.onDrain(),
      onClose() {
        events.onClose();
        over();
      },
    };
  };
  return { ...opening, open };
}

/** RFC 6750: no error is named where no credentials came. */
function challenge(request: HttpRequest): string {
  return `Bearer realm="parlor"${hasCredential(request) ? ', error="invalid_token"' : ""}`;
}
