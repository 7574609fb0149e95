// Parlor in a server of node:http that has pages of its own.
// OPENAI_API_KEY=… node server.ts, then:
// curl -N 'http://127.0.0.1:3000/ai/api/v1/chat/stream?message=Hello&session_id=s1' -H 'x-user: ada'
import { createServer } from "node:http";
import { createChatEngine } from "@parlor/core";
import { createHandler } from "@parlor/http";
import { attach, listener } from "@parlor/http/node";
import { openai } from "@parlor/openai";

const { OPENAI_BASE_URL: baseURL, PORT = "3000" } = process.env;
const engine = createChatEngine({
  backend: openai({ model: "gpt-5-mini", ...(baseURL && { baseURL }) }),
  systemPrompt: "You help the customers of a bookshop.",
  limits: { requests: [{ limit: 20, windowMs: 60_000 }] },
});

// Whose conversations a request may see: your session or token decides. Here, for the example, a header.
const handler = createHandler(engine, {
  auth: ({ headers }) => (headers["x-user"] ? { id: headers["x-user"] } : undefined),
});
const chat = listener(handler, {
  prefix: "/ai",
  // What is not Parlor's.
  notFound: (_request, response) => response.end("The bookshop"),
});

const server = createServer(chat);
attach(server, { path: "/ai" }); // WebSockets
server.listen(Number(PORT), "127.0.0.1", () => console.log("listening on", server.address()));
process.once("SIGTERM", () => {
  server.close();
  void engine.close(); // lets running turns finish
});
