import { type ChatEngine, createHandler, type HandlerOptions } from "@parlor/http";
import { attach, type NodeContext, NodeRequest, respond } from "@parlor/http/node";
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
    respond(handler, new NodeRequest(request, response, new Context(request)), response, next);
  };
  return Object.assign(middleware, { attach });
}

/** Express goes through the app's settings for some of it. A class: V8 keeps a type of its own for each object whose literal has getters. */
class Context implements NodeContext<Request> {
  readonly raw: Request;

  constructor(request: Request) {
    this.raw = request;
  }

  get url(): string {
    return this.raw.url;
  }

  get prefix(): string {
    return this.raw.baseUrl;
  }

  get ip(): string | undefined {
    return this.raw.ip;
  }

  get secure(): boolean {
    return this.raw.secure;
  }
}
