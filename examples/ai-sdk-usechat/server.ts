// What useChat needs of a server; the page beside it goes into any React app.
// OPENAI_API_KEY=… ORIGIN=http://localhost:5173 node server.ts
import { createServer } from "node:http";
import { createChatEngine } from "@parlor/core";
import { createHandler } from "@parlor/http";
import { listener } from "@parlor/http/node";
import { openai } from "@parlor/openai";

const { OPENAI_BASE_URL: baseURL, PORT = "3000", ORIGIN = "http://localhost:5173" } = process.env;
const engine = createChatEngine({ backend: openai({ model: "gpt-5-mini", ...(baseURL && { baseURL }) }) });

const handler = createHandler(engine, {
  groups: ["ui-stream"],
  // Whose conversations a request may see: your session or token decides. Here, for the example, a header.
  auth: ({ headers }) => (headers["x-user"] ? { id: headers["x-user"] } : undefined),
  // Where the page comes from, if not from this server.
  cors: { origins: [ORIGIN], headers: ["x-user"] },
});

const server = createServer(listener(handler));
server.listen(Number(PORT), "127.0.0.1", () => console.log("listening on", server.address()));
process.once("SIGTERM", () => {
  server.close();
  void engine.close(); // lets running turns finish
});
