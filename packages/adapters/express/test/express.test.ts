import { createChatEngine } from "@parlor/core";
import { says, scriptedBackend } from "@parlor/core/testing";
import { connect, contentOf, listen, type Served, type SocketClient } from "@parlor/testkit/http";
import express, { type Express } from "express";
import express4 from "express4";
import { afterEach, describe, expect, test } from "vitest";
import { parlor } from "../src/index.ts";

const served: Served[] = [];
afterEach(async () => {
  for (const one of served.splice(0)) await one.close();
});

async function serve(app: Express): Promise<(path: string, body?: object) => Promise<Response>> {
  const server = await listen(app);
  served.push(server);
  return (path, body) =>
    fetch(server.url + path, {
      ...(body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
}

const engine = (text = "Hello there") => createChatEngine({ backend: scriptedBackend(says(text)) });
const open = { access: "public", sharedAnonymous: true } as const;
const hi = { message: "Hi", session_id: "s1" };

describe.each([
  { name: "express 5", framework: express },
  { name: "express 4", framework: express4 },
])("$name", ({ framework }) => {
  test("paths that are not ours are the app's, under the prefix too", async () => {
    const app = framework();
    app.use("/ai", parlor(engine(), open));
    app.get("/ai/own", (_, response) => void response.send("the app's own"));
    const ask = await serve(app);
    expect(await (await ask("/ai/own")).text()).toBe("the app's own");
    expect((await ask("/ai/status")).status).toBe(200);
    expect((await ask("/status")).status).toBe(404);
  });

  test("two engines in one app", async () => {
    const app = framework();
    app.use("/one", parlor(engine("first"), open));
    app.use("/two", parlor(engine("second"), open));
    const ask = await serve(app);
    expect(await (await ask("/one/chat-stream", hi)).text()).toBe("first");
    expect(await (await ask("/two/chat-stream", hi)).text()).toBe("second");
    expect(await (await ask("/one/sessions")).json()).toMatchObject({ sessions: [{ turns: 1 }] });
  });

  test("inside a router, links and the visitor's cookie follow the whole prefix", async () => {
    const router = framework.Router();
    router.use("/chat", parlor(engine(), { access: "public" }));
    const app = framework();
    app.use("/api", router);
    const server = await listen(app);
    served.push(server);
    const response = await fetch(`${server.url}/api/chat/sessions`, { headers: { "sec-fetch-site": "same-origin" } });
    expect(response.headers.get("set-cookie")).toContain("Path=/api/chat;");
    expect(await (await fetch(`${server.url}/api/chat/`)).json()).toMatchObject({ health: "/api/chat/health" });
  });

  test("auth sees the framework's own request", async () => {
    const app = framework();
    app.use((_, response, next) => {
      response.locals["user"] = "ada";
      next();
    });
    const seen: (string | undefined)[] = [];
    app.use(
      parlor(engine(), {
        auth: ({ raw, ip }) => {
          seen.push(ip);
          return { id: String(raw.res?.locals["user"]) };
        },
      }),
    );
    const ask = await serve(app);
    expect(await (await ask("/chat", hi)).json()).toMatchObject({ user_id: "ada" });
    expect(seen[0]).toContain("127.0.0.1");
  });

  test("WebSockets pass the app's middleware, and auth sees what it has found out", async () => {
    const app = framework();
    app.use("/ai", ({ headers }, response, next) => {
      if (headers["x-user"] === undefined) return void response.status(402).send("pay first");
      response.locals["user"] = headers["x-user"];
      next();
    });
    const chat = parlor(engine(), { auth: ({ raw, kind }) => ({ id: `${kind}:${raw.res?.locals["user"]}` }) });
    app.use("/ai", chat);
    let detach = () => {};
    const server = await listen(app, (one) => (detach = chat.attach(one, { path: "/ai" })));
    served.push(server);
    const refused = await connect(`${server.url}/ai`, { as: null });
    expect(refused).toMatchObject({ status: 402, text: "pay first" });
    const client = (await connect(`${server.url}/ai`, { as: null, headers: { "x-user": "ada" } })) as SocketClient;
    client.send(hi);
    expect(contentOf(await client.turn())).toBe("Hello there");
    detach();
    expect((await client.closed).code).toBe(1001);
    expect(await connect(`${server.url}/ai`, { as: null, headers: { "x-user": "ada" } })).toMatchObject({
      status: 426,
      body: { code: "upgrade_required", detail: expect.stringContaining("attach") },
    });
  });

  test("after parsers that leave text or bytes", async () => {
    const app = framework();
    app.use("/text", framework.text({ type: "*/*" }), parlor(engine(), open));
    app.use("/raw", framework.raw({ type: "*/*" }), parlor(engine(), open));
    const ask = await serve(app);
    for (const path of ["/text/chat", "/raw/chat"]) expect((await ask(path, hi)).status).toBe(200);
  });

  test("it throws at once where nobody says who may use it", () => {
    expect(() => parlor(engine(), {})).toThrow("`auth`");
  });
});
