import { type ChatEngine, createHandler, type HandlerOptions } from "@parlor/http";
import { attach, NodeRequest, respond } from "@parlor/http/node";
import type { Request, RequestHandler } from "express";

export interface Parlor extends RequestHandler {
  /**
   * Lets WebSockets through on the app's server: `chat.attach(server, { path: "/ai" })`, with the path that the app mounts it at. They
   * pass the app's middleware like every request. Gives what ends it: no new sockets, and 1001 for those that are open.
   */
  readonly attach: typeof attach;
}

/**
 * Parlor as Express middleware, for Express 4 and 5: `app.use("/ai", parlor(engine, { auth }))`. Paths that are not its own go to
 * the app's next handler. Throws a TypeError when neither `auth` nor `access: "public"` is given.
 */
export function parlor(engine: ChatEngine, options: HandlerOptions<Request>): Parlor {
  const handler = createHandler(engine, options);
  const middleware: RequestHandler = (request, response, next) => {
    const { url, baseUrl: prefix, ip, secure } = request;
    respond(handler, new NodeRequest(request, response, { url, prefix, ip, secure, raw: request }), response, next);
  };
  return Object.assign(middleware, { attach });
}
