// Parlor in an Express app that has routes, middleware and users of its own.
// OPENAI_API_KEY=… node server.ts, then:
// curl -N 'http://127.0.0.1:3000/ai/api/v1/chat/stream?message=Hello&session_id=s1' -H 'x-user: ada'
import { createChatEngine } from "@parlor/core";
import { parlor } from "@parlor/express";
import { openai } from "@parlor/openai";
import express from "express";

const { OPENAI_BASE_URL: baseURL, PORT = "3000" } = process.env;
const engine = createChatEngine({
  backend: openai({ model: "gpt-5-mini", ...(baseURL && { baseURL }) }),
  systemPrompt: "You help the customers of a bookshop.",
  limits: { requests: [{ limit: 20, windowMs: 60_000 }] },
});

const app = express();
app.use(express.json());
app.get("/", (_request, response) => void response.send("The bookshop"));

// Whose conversations a request may see: your session or token decides. Here, for the example, a header.
const chat = parlor(engine, { auth: ({ raw }) => (raw.get("x-user") ? { id: raw.get("x-user")! } : undefined) });
app.use("/ai", chat);

const server = app.listen(Number(PORT), "127.0.0.1", () => console.log("listening on", server.address()));
chat.attach(server, { path: "/ai" }); // WebSockets
process.once("SIGTERM", () => {
  server.close();
  void engine.close(); // lets running turns finish
});
