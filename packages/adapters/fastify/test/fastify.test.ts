import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { createGunzip, gzipSync } from "node:zlib";
import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { connect as connectSocket, contentOf, type SocketClient } from "@parlor/testkit/http";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import { parlor } from "../src/index.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(app: FastifyInstance): Promise<(path: string, body?: object) => Promise<Response>> {
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  closing.push(() => app.close());
  return (path, body) =>
    fetch(url + path, {
      ...(body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
}

const engine = (text = "Hello there") => createChatEngine({ backend: scriptedBackend(says(text)) });
const open = { access: "public", sharedAnonymous: true } as const;
const hi = { message: "Hi", session_id: "s1" };

declare module "fastify" {
  interface FastifyRequest {
    user: string;
  }
}

describe("in a Fastify app", () => {
  test("paths that are not ours are the app's, under the prefix too", async () => {
    const app = fastify();
    app.setNotFoundHandler((request, reply) => reply.code(404).send(`nothing at ${request.url}`));
    app.register(parlor(engine(), open), { prefix: "/ai" });
    app.get("/ai/own", () => "the app's own");
    const ask = await serve(app);
    expect(await (await ask("/ai/own")).text()).toBe("the app's own");
    expect((await ask("/ai/status")).status).toBe(200);
    for (const path of ["/status", "/ai/nothing", "/aistatus"]) {
      const response = await ask(path);
      expect(response.status).toBe(404);
      expect(await response.text()).toBe(`nothing at ${path}`);
    }
    expect(await (await ask("/ai/own", hi)).text()).toBe("nothing at /ai/own");
  });

  test("two engines in one app", async () => {
    const app = fastify();
    app.register(parlor(engine("first"), open), { prefix: "/one" });
    app.register(parlor(engine("second"), open), { prefix: "/two" });
    const ask = await serve(app);
    expect(await (await ask("/one/chat-stream", hi)).text()).toBe("first");
    expect(await (await ask("/two/chat-stream", hi)).text()).toBe("second");
    expect(await (await ask("/one/sessions")).json()).toMatchObject({ sessions: [{ turns: 1 }] });
  });

  test("inside a plugin, links and the visitor's cookie follow the whole prefix, with what its parameters took", async () => {
    const app = fastify({ forceCloseConnections: true });
    app.register(async (shop) => void shop.register(parlor(engine(), { access: "public" }), { prefix: "/chat" }), {
      prefix: "/shops/:shop",
    });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    closing.push(() => app.close());
    const here = `${url}/shops/a%20b/chat`;
    const response = await fetch(`${here}/sessions`, { headers: { "sec-fetch-site": "same-origin" } });
    expect(response.headers.get("set-cookie")).toContain("Path=/shops/a%20b/chat;");
    for (const path of ["", "/", "?x=1"]) {
      expect(await (await fetch(here + path)).json()).toMatchObject({ health: "/shops/a%20b/chat/health" });
    }
  });

  test("auth sees Fastify's own request, after its hooks, and the address by its rules about proxies", async () => {
    const app = fastify({ trustProxy: true });
    app.decorateRequest("user", "");
    app.addHook("preHandler", async (request) => void (request.user = "ada"));
    const seen: (string | undefined)[] = [];
    app.register(
      parlor(engine(), {
        auth({ raw, ip, secure, headers }) {
          seen.push(ip, String(secure), headers["content-type"]);
          return { id: raw.user };
        },
      }),
    );
    const headers = {
      "content-type": "application/json",
      "x-forwarded-for": "192.0.2.7",
      "x-forwarded-proto": "https",
    };
    const payload = JSON.stringify(hi);
    const response = await app.inject({ method: "POST", url: "/chat", headers, payload });
    expect(response.json()).toMatchObject({ user_id: "ada" });
    expect(seen).toEqual(["192.0.2.7", "true", "application/json"]);
  });

  test("WebSockets pass the app's hooks, with two engines and parameters in a prefix, and end with the app", async () => {
    const app = fastify();
    app.decorateRequest("user", "");
    app.addHook("onRequest", async (request, reply) => {
      if (request.headers["x-user"] === undefined) return reply.code(402).send("pay first");
      request.user = String(request.headers["x-user"]);
    });
    const auth = ({ raw }: { raw: FastifyRequest }) => ({ id: raw.user });
    app.register(parlor(engine("first"), { auth }), { prefix: "/one" });
    app.register(parlor(engine("second"), { auth }), { prefix: "/shops/:shop/chat" });
    app.get("/own", () => "the app's own");
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const as = { as: null, headers: { "x-user": "ada" } };
    expect(await connectSocket(`${url}/one`, { as: null })).toMatchObject({ status: 402, text: "pay first" });
    expect(await connectSocket(url, { ...as, path: "/own" })).toMatchObject({ status: 200 });
    const clients: SocketClient[] = [];
    for (const [prefix, answer] of [
      ["/one", "first"],
      ["/shops/a%20b/chat", "second"],
    ]) {
      const client = (await connectSocket(url + prefix, as)) as SocketClient;
      client.send(hi);
      expect(contentOf(await client.turn())).toBe(answer);
      clients.push(client);
    }
    await app.close();
    for (const client of clients) expect((await client.closed).code).toBe(1001);
  });

  test("the app's parsers and body limits stay as they are, and ours hold here", async () => {
    const app = fastify({ bodyLimit: 60 });
    app.register(parlor(engine(), { ...open, limits: { bodyBytes: 120 } }), { prefix: "/ai" });
    app.post("/own", ({ body }) => body);
    const ask = await serve(app);
    expect(await (await ask("/own", hi)).json()).toEqual(hi);
    const more = { ...hi, padding: "x".repeat(40) };
    expect((await ask("/own", more)).status).toBe(413);
    expect((await ask("/ai/chat", more)).status).toBe(200);
    const tooMuch = await ask("/ai/chat", { ...hi, padding: "x".repeat(100) });
    expect(tooMuch.status).toBe(413);
    expect(await tooMuch.json()).toMatchObject({ code: "payload_too_large" });
  });

  test("a body that a hook has decoded", async () => {
    const app = fastify();
    app.addHook("preParsing", async ({ headers }, _, payload) =>
      headers["content-encoding"] === "gzip" ? payload.pipe(createGunzip()) : payload,
    );
    app.register(parlor(engine(), { ...open, limits: { bodyBytes: 200 } }));
    const post = (body: object) =>
      app.inject({
        method: "POST",
        url: "/chat",
        headers: { "content-type": "application/json", "content-encoding": "gzip" },
        payload: gzipSync(JSON.stringify(body)),
      });
    expect((await post(hi)).json()).toMatchObject({ response: "Hello there" });
    expect((await post({ ...hi, padding: "x".repeat(2_000) })).statusCode).toBe(413);
  });

  test("hooks of the app reach our replies: headers on all, content on those that are no streams", async () => {
    const app = fastify();
    app.addHook("onRequest", async (_, reply) => void reply.header("x-frame-options", "DENY"));
    app.addHook("onSend", async (_request, _reply, payload) => String(payload).replace("Hello", "HELLO"));
    app.register(parlor(engine(), open));
    const ask = await serve(app);
    const whole = await ask("/chat", hi);
    expect(await whole.json()).toMatchObject({ response: "HELLO there" });
    const stream = await ask("/chat-stream", hi);
    expect(await stream.text()).toBe("Hello there");
    for (const { headers } of [whole, stream]) expect(headers.get("x-frame-options")).toBe("DENY");
  });

  test("HTTP/2", async () => {
    const app = fastify({ http2: true });
    app.register(parlor(engine(), open), { prefix: "/ai" });
    const client = connect(await app.listen({ host: "127.0.0.1", port: 0 }));
    closing.push(async () => {
      client.close();
      await app.close();
    });
    const request = (path: string) => {
      const sending = client.request({ ":method": "POST", ":path": path, "content-type": "application/json" });
      return text(sending.end(JSON.stringify(hi)));
    };
    expect(await request("/ai/chat-stream")).toBe("Hello there");
    expect(JSON.parse(await request("/ai/chat"))).toMatchObject({ response: "Hello there" });
    expect(JSON.parse(await request("/chat"))).toMatchObject({ statusCode: 404 });
  });

  test("it throws at once where nobody says who may use it", () => {
    expect(() => parlor(engine(), {})).toThrow("`auth`");
  });
});
