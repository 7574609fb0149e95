import { once } from "node:events";
import { get, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  createAdaptorServer,
  getRequestListener,
  type HttpBindings,
  upgradeWebSocket,
  type WebSocketServerLike,
} from "@hono/node-server";
import { createChatEngine } from "@parlor/core";
import { manualClock, says, scriptedBackend } from "@parlor/core/testing";
import { connect as connectSocket, contentOf, listen, type SocketClient } from "@parlor/testkit/http";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { secureHeaders } from "hono/secure-headers";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { parlor } from "../src/index.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const engine = (text = "Hello there") => createChatEngine({ backend: scriptedBackend(says(text)) });
const open = { access: "public", sharedAnonymous: true } as const;
const hi = { message: "Hi", session_id: "s1" };
const post = (body: object) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

describe("in a Hono app", () => {
  test("paths that are not ours are the app's, under the prefix too", async () => {
    const app = new Hono();
    app.route("/ai", parlor(engine(), open));
    app.get("/ai/own", (context) => context.text("the app's own"));
    app.notFound((context) => context.text(`nothing at ${context.req.path}`, 404));
    expect(await (await app.request("/ai/own")).text()).toBe("the app's own");
    expect((await app.request("/ai/status")).status).toBe(200);
    for (const path of ["/status", "/ai/nothing", "/aistatus"]) {
      const response = await app.request(path);
      expect(response.status).toBe(404);
      expect(await response.text()).toBe(`nothing at ${path}`);
    }
  });

  test("two engines in one app", async () => {
    const app = new Hono();
    app.route("/one", parlor(engine("first"), open));
    app.route("/two", parlor(engine("second"), open));
    expect(await (await app.request("/one/chat-stream", post(hi))).text()).toBe("first");
    expect(await (await app.request("/two/chat-stream", post(hi))).text()).toBe("second");
    expect(await (await app.request("/one/sessions")).json()).toMatchObject({ sessions: [{ turns: 1 }] });
  });

  test("inside another app, links and the visitor's cookie follow the whole prefix, with what its parameters took", async () => {
    const shop = new Hono().route("/chat", parlor(engine(), { access: "public" }));
    const app = new Hono().route("/shops/:shop", shop);
    const here = "/shops/a%20b/chat";
    const response = await app.request(`${here}/sessions`, { headers: { "sec-fetch-site": "same-origin" } });
    expect(response.headers.get("set-cookie")).toContain("Path=/shops/a%20b/chat;");
    for (const path of ["", "/", "?x=1"]) {
      expect(await (await app.request(here + path)).json()).toMatchObject({ health: `${here}/health` });
    }
  });

  test("auth sees Hono's own context, and the address as the runtime tells it", async () => {
    interface Visit {
      Variables: { user: string };
    }
    const seen: (string | undefined)[] = [];
    const chat = parlor<Visit>(engine(), {
      auth({ raw, ip }) {
        seen.push(ip);
        return { id: raw.get("user") };
      },
      getConnInfo: () => ({ remote: { address: "192.0.2.7" } }),
    });
    const app = new Hono<Visit>();
    app.use(async (context, next) => {
      context.set("user", "ada");
      await next();
    });
    app.route("/", chat);
    expect(await (await app.request("/chat", post(hi))).json()).toMatchObject({ user_id: "ada" });
    expect(seen).toEqual(["192.0.2.7"]);
  });

  test("a body that the app has read, as JSON or as bytes", async () => {
    for (const read of ["json", "arrayBuffer"] as const) {
      const app = new Hono();
      app.use(async ({ req }, next) => {
        await req[read]();
        await next();
      });
      app.route("/", parlor(engine(), { ...open, limits: { bodyBytes: 100 } }));
      expect((await app.request("/chat", post(hi))).status).toBe(200);
      expect((await app.request("/chat", post({ ...hi, padding: "x".repeat(100) }))).status).toBe(413);
    }
  });

  test("middleware of the app reaches our replies, and compression does not hold streams back", async () => {
    const app = new Hono();
    app.use(compress({ threshold: 0 }), secureHeaders());
    app.route("/", parlor(engine(), open));
    const asked = post(hi);
    const headers = { ...asked.headers, "accept-encoding": "gzip" };
    const whole = await app.request("/chat", { ...asked, headers });
    expect(whole.headers.get("content-encoding")).toBe("gzip");
    const stream = await app.request("/chat-stream", { ...asked, headers });
    expect(stream.headers.get("content-encoding")).toBeNull();
    expect(await stream.text()).toBe("Hello there");
    for (const reply of [whole, stream]) expect(reply.headers.get("x-frame-options")).toBe("SAMEORIGIN");
  });

  test("it throws at once where nobody says who may use it", () => {
    expect(() => parlor(engine(), {})).toThrow("`auth`");
  });
});

describe("on @hono/node-server", () => {
  test("a reader that takes nothing loses its connection, not only its stream", async () => {
    const clock = manualClock();
    const read = { type: "text" as const, text: "x".repeat(64 * 1024) };
    const backend = scriptedBackend([...Array.from({ length: 400 }, () => read), ...says("")]);
    const chat = createChatEngine({ backend, clock, maxAnswerCharacters: 100_000_000 });
    const app = new Hono<{ Bindings: HttpBindings }>();
    let outgoing: HttpBindings["outgoing"] | undefined;
    let address: string | undefined;
    app.use(async ({ env }, next) => {
      outgoing = env.outgoing;
      await next();
    });
    app.route(
      "/",
      parlor(chat, {
        auth({ ip }) {
          address = ip;
          return { id: "ada" };
        },
      }),
    );
    const answer = getRequestListener(app.fetch);
    const { url, close } = await listen((incoming, response) => void answer(incoming, response));
    closing.push(close, () => chat.close({ drainMs: 0 }));
    const request = get(`${url}/api/v1/chat/stream?message=Hi&session_id=s1`, { agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.on("error", () => {});
    await (await chat.live({ owner: "ada", id: "s1" }))?.reply();
    expect(address).toBe("127.0.0.1");
    const closed = once(outgoing as ServerResponse, "close");
    clock.advance(30_000);
    await closed;
    response.destroy();
  });

  test("WebSockets by its own upgradeWebSocket, under a prefix with parameters, through the app's middleware", async () => {
    type Users = { Variables: { user: string } };
    const app = new Hono<Users>();
    app.use(async (context, next) => {
      const user = context.req.header("x-user");
      if (user === undefined) return context.text("pay first", 402);
      context.set("user", user);
      return next();
    });
    app.route(
      "/shops/:shop",
      parlor<Users>(engine(), { auth: ({ raw }) => ({ id: raw.get("user") }), upgradeWebSocket }),
    );
    const sockets = new WebSocketServer({ noServer: true });
    const server = createAdaptorServer({ fetch: app.fetch, websocket: { server: sockets as WebSocketServerLike } });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shops/a%20b`;
    expect(await connectSocket(url, { as: null })).toMatchObject({ status: 402 });
    const client = (await connectSocket(url, { as: null, headers: { "x-user": "ada" } })) as SocketClient;
    client.send(hi);
    expect(contentOf(await client.turn())).toBe("Hello there");
    client.webSocket.close();
    await client.closed;
    server.close();
    await once(server, "close");
  });

  test("HTTP/2", async () => {
    const app = new Hono().route("/ai", parlor(engine(), open));
    const server = createAdaptorServer({ fetch: app.fetch, createServer });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(async () => {
      client.close();
      server.close();
      await once(server, "close");
    });
    const request = (path: string) => {
      const sending = client.request({ ":method": "POST", ":path": path, "content-type": "application/json" });
      return text(sending.end(JSON.stringify(hi)));
    };
    expect(await request("/ai/chat-stream")).toBe("Hello there");
    expect(JSON.parse(await request("/ai/chat"))).toMatchObject({ response: "Hello there" });
    expect(await request("/chat")).toBe("404 Not Found");
  });
});
