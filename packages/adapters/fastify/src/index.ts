import type { Readable } from "node:stream";
import { type ChatEngine, createHandler, type HandlerOptions } from "@parlor/http";
import { attach, NodeRequest, send } from "@parlor/http/node";
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from "fastify";

/**
 * Parlor as a Fastify plugin: `app.register(parlor(engine, { auth }), { prefix: "/ai" })`. Paths that are not its own go to the app's
 * 404 handler. WebSockets pass the app's hooks like every request. Throws a TypeError when neither `auth` nor `access: "public"` is given.
 */
export function parlor(engine: ChatEngine, options: HandlerOptions<FastifyRequest>): FastifyPluginCallback {
  const handler = createHandler(engine, options);

  return function parlor(app, _, done) {
    const depth = app.prefix.split("/").length - 1;
    // A prefix may hold parameters, and Fastify decodes what its wildcard takes.
    const mount = new RegExp(`^(?:/[^/?]*){${depth}}`);

    async function serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { ip, raw: incoming } = request;
      const [prefix = ""] = mount.exec(request.url) ?? [];
      const rest = request.url.slice(prefix.length);
      const url = rest[0] === "/" ? rest : `/${rest}`;
      const secure = request.protocol === "https";
      const payload = request.body as Readable | undefined;
      const answer = await handler.handle(
        new NodeRequest(incoming, reply.raw, { url, prefix, ip, secure, raw: request, payload }),
      );
      if (answer === undefined) {
        reply.callNotFound();
        return reply;
      }
      // Fastify would add a charset to JSON.
      const { status, headers, body } = answer;
      const isWhole = typeof body !== "function" && !answer.socket;
      if (isWhole) return reply.code(status).headers(headers).serializer(String).send(body);
      // Its streams know no reader that is gone or behind. What hooks have set goes out all the same.
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      reply.hijack();
      send(answer, request.method, reply.raw);
      return reply;
    }

    // Bodies stay unread until Parlor asks for them: its limits hold here, the app's own parsers and limits everywhere else.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", ({ raw }, payload, parsed) => parsed(null, payload === raw ? undefined : payload));
    // Fastify itself would refuse a malformed type.
    app.addHook("preParsing", (request, _reply, payload, next) => {
      request.headers = { "content-type": undefined };
      next(null, payload);
    });
    const detach = attach(app.server, { path: app.prefix });
    app.addHook("preClose", (closed) => {
      detach();
      closed();
    });
    app.all("/", serve);
    app.all("/*", serve);
    done();
  };
}
