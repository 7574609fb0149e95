import { type ChatEngine, createHandler, type HandlerOptions } from "@parlor/http";
import { respond } from "@parlor/http/fetch";
import { type Context, type Env, Hono } from "hono";
import type { GetConnInfo } from "hono/conninfo";
import { routePath } from "hono/route";

export interface HonoOptions<E extends Env> extends HandlerOptions<Context<E>> {
  /** The runtime's own, for the sender's address: `hono/bun`, `hono/deno`, `hono/cloudflare-workers`, … Not needed on Node. */
  readonly getConnInfo?: GetConnInfo;
}

/** What @hono/node-server puts into `env`. */
interface NodeBindings {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
}

/**
 * Parlor as a Hono app, for Node and fetch runtimes: `app.route("/ai", parlor(engine, { auth }))`. Paths that are not its own go to
 * the app's next handler. Throws a TypeError when neither `auth` nor `access: "public"` is given.
 */
export function parlor<E extends Env = Env>(engine: ChatEngine, options: HonoOptions<E>): Hono<E> {
  const handler = createHandler(engine, options);
  const { getConnInfo } = options;
  const app = new Hono<E>();
  app.use(async (context, next) => {
    const { incoming }: NodeBindings = context.env ?? {};
    const reply = await respond(handler, context.req.raw, {
      prefix: mountOf(context),
      ip: getConnInfo ? getConnInfo(context).remote.address : incoming?.socket?.remoteAddress,
      raw: context,
      text: () => context.req.text(),
    });
    if (reply) return reply;
    await next();
  });
  return app;
}

/** The mount path as it was asked for: as it is declared (`/ai/*`) it may hold parameters. */
function mountOf(context: Context): string {
  const depth = routePath(context).split("/").length - 1;
  const { pathname } = new URL(context.req.url);
  return pathname.split("/").slice(0, depth).join("/");
}
