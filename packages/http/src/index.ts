export type { ChatEngine } from "@parlor/core";
export { createHandler } from "./handler.ts";
export { bearer } from "./auth/bearer.ts";
export { type JSONWebKeySet, jwt, type JwtOptions, type JWTPayload } from "./auth/jwt.ts";
export type { Authenticate, Principal } from "./auth/principal.ts";
export { remote, type RemoteOptions } from "./auth/remote.ts";
export { revocations, type Revocations } from "./auth/revocations.ts";
export type { CorsOptions } from "./cors.ts";
export type { DocsUi, PageLinks, RootPage, WebFile, WebPage } from "./docs-ui.ts";
export type { Metrics, ServedRequest } from "./metrics.ts";
export type { Group, HandlerOptions, InputLimits, Limits, Logger, ModelService, StreamTimes } from "./options.ts";
export type {
  Handler,
  HttpBody,
  HttpHeaders,
  HttpReply,
  HttpRequest,
  Sink,
  Socket,
  SocketEvents,
  SocketOpening,
  StreamBody,
} from "./seam.ts";
export { notFound, problem } from "./problem/problem.ts";
export { fingerprintOf } from "./request-log.ts";
