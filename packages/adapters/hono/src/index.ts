import { type ChatEngine, createHandler, type HandlerOptions } from "@parlor/http";
import { asksForWebSocket, type FetchContext, respond, takeOverOf, webSocketListeners } from "@parlor/http/fetch";
import { type Context, type Env, Hono } from "hono";
import type { GetConnInfo } from "hono/conninfo";
import { routePath } from "hono/route";
import type { UpgradeWebSocket } from "hono/ws";

export interface HonoOptions<E extends Env> extends HandlerOptions<Context<E>> {
  /** The runtime's own, for the sender's address: `hono/bun`, `hono/deno`, `hono/cloudflare-workers`, … Not needed on Node. */
  readonly getConnInfo?: GetConnInfo;
  /** The runtime's own, for WebSockets: `hono/bun`, `hono/deno`, `@hono/node-ws`, … Not needed where `attach` is called. */
  readonly upgradeWebSocket?: UpgradeWebSocket<unknown>;
}

/** What @hono/node-server puts into `env`. */
interface NodeBindings {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
  readonly outgoing?: object;
}

/**
 * Parlor as a Hono app, for Node and fetch runtimes: `app.route("/ai", parlor(engine, { auth }))`. Paths that are not its own go to
 * the app's next handler. Throws a TypeError when neither `auth` nor `access: "public"` is given.
 */
export function parlor<E extends Env = Env>(engine: ChatEngine, options: HonoOptions<E>): Hono<E> {
  const handler = createHandler(engine, options);
  const { getConnInfo, upgradeWebSocket } = options;
  const app = new Hono<E>();
  app.use(async (context, next) => {
    const { incoming, outgoing }: NodeBindings = context.env ?? {};
    const reply = await respond(handler, context.req.raw, {
      prefix: mountOf(context),
      ip: getConnInfo ? getConnInfo(context).remote.address : incoming?.socket?.remoteAddress,
      raw: context,
      text: () => context.req.text(),
      upgrade: upgradeOf(context, takeOverOf(outgoing), upgradeWebSocket),
    });
    if (reply) return reply;
    await next();
  });
  return app;
}

function upgradeOf(
  context: Context,
  takeOver: ReturnType<typeof takeOverOf>,
  upgradeWebSocket: UpgradeWebSocket<unknown> | undefined,
): FetchContext<Context>["upgrade"] {
  if (takeOver) {
    return (reply) => {
      takeOver(reply);
      // How @hono/node-server is told that its response is no longer its own.
      return new Response(null, { headers: { "x-hono-already-sent": "true" } });
    };
  }
  if (!upgradeWebSocket || !asksForWebSocket(context.req.raw)) return undefined;
  return (reply) => {
    // Left to itself, a runtime may choose the first that is offered, which may be the token.
    const { "sec-websocket-protocol": protocol = "" } = reply.headers;
    return upgradeWebSocket(context, webSocketListeners(reply), { protocol });
  };
}

/** The mount path as it was asked for: as it is declared (`/ai/*`) it may hold parameters. */
function mountOf(context: Context): string {
  const depth = routePath(context).split("/").length - 1;
  const { pathname } = new URL(context.req.url);
  return pathname.split("/").slice(0, depth).join("/");
}
