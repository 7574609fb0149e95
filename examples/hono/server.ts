// Parlor in a Hono app that has routes, middleware and users of its own. A fetch runtime takes the same app, without `serve`.
// OPENAI_API_KEY=… node server.ts, then:
// curl -N 'http://127.0.0.1:3000/ai/api/v1/chat/stream?message=Hello&session_id=s1' -H 'x-user: ada'
import { serve } from "@hono/node-server";
import { createChatEngine } from "@parlor/core";
import { parlor } from "@parlor/hono";
import { attach } from "@parlor/hono/node";
import { openai } from "@parlor/openai";
import { Hono } from "hono";

interface Shop {
  Variables: { customer: { id: string } | undefined };
}

const { OPENAI_BASE_URL: baseURL, PORT = "3000" } = process.env;
const engine = createChatEngine({
  backend: openai({ model: "gpt-5-mini", ...(baseURL && { baseURL }) }),
  systemPrompt: "You help the customers of a bookshop.",
  limits: { requests: [{ limit: 20, windowMs: 60_000 }] },
});

const app = new Hono<Shop>();
// Whose conversations a request may see: your session or token decides. Here, for the example, a header.
app.use(async (context, next) => {
  const id = context.req.header("x-user");
  context.set("customer", id ? { id } : undefined);
  await next();
});
app.get("/", (context) => context.text("The bookshop"));
app.route("/ai", parlor<Shop>(engine, { auth: ({ raw }) => raw.get("customer") }));

const { fetch } = app;
const server = serve({ fetch, hostname: "127.0.0.1", port: Number(PORT) }, (at) => console.log("listening on", at));
attach(server, { path: "/ai" }); // WebSockets
process.once("SIGTERM", () => {
  server.close();
  void engine.close(); // lets running turns finish
});
