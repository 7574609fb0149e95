import { type ChatEngine, createHandler, type HandlerOptions } from "@parlor/http";
import { NodeRequest, respond } from "@parlor/http/node";
import type { Request, RequestHandler } from "express";

/**
 * Parlor as Express middleware, for Express 4 and 5: `app.use("/ai", parlor(engine, { auth }))`. Paths that are not its own go to
 * the app's next handler. Throws a TypeError when neither `auth` nor `access: "public"` is given.
 */
export function parlor(engine: ChatEngine, options: HandlerOptions<Request>): RequestHandler {
  const handler = createHandler(engine, options);
  return (request, response, next) => {
    const { url, baseUrl: prefix, ip, secure } = request;
    respond(handler, new NodeRequest(request, response, { url, prefix, ip, secure, raw: request }), response, next);
  };
}
