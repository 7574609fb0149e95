// Parlor in a Fastify app that has routes, hooks and users of its own.
// OPENAI_API_KEY=… node server.ts, then:
// curl -N 'http://127.0.0.1:3000/ai/api/v1/chat/stream?message=Hello&session_id=s1' -H 'x-user: ada'
import { createChatEngine } from "@parlor/core";
import { parlor } from "@parlor/fastify";
import { openai } from "@parlor/openai";
import fastify from "fastify";

declare module "fastify" {
  interface FastifyRequest {
    customer: { id: string } | undefined;
  }
}

const { OPENAI_BASE_URL: baseURL, PORT = "3000" } = process.env;
const engine = createChatEngine({
  backend: openai({ model: "gpt-5-mini", ...(baseURL && { baseURL }) }),
  systemPrompt: "You help the customers of a bookshop.",
  limits: { requests: [{ limit: 20, windowMs: 60_000 }] },
});

const app = fastify();
// Whose conversations a request may see: your session or token decides. Here, for the example, a header.
app.decorateRequest("customer", undefined);
app.addHook("onRequest", async (request) => {
  const id = request.headers["x-user"];
  if (typeof id === "string") request.customer = { id };
});
app.get("/", () => "The bookshop");
app.register(parlor(engine, { auth: ({ raw }) => raw.customer }), { prefix: "/ai" });

console.log("listening on", await app.listen({ host: "127.0.0.1", port: Number(PORT) }));
process.once("SIGTERM", () => {
  void app.close();
  void engine.close(); // lets running turns finish
});
