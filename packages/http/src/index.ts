export type { ChatEngine } from "@parlor/core";
export { createHandler } from "./handler.ts";
export type { Authenticate, Principal } from "./auth/principal.ts";
export type { CorsOptions } from "./cors.ts";
export type { Group, HandlerOptions, InputLimits, Logger, StreamTimes } from "./options.ts";
export type { Handler, HttpBody, HttpHeaders, HttpReply, HttpRequest, Sink, StreamBody } from "./seam.ts";
export { notFound, problem } from "./problem/problem.ts";
export { fingerprintOf } from "./request-log.ts";
