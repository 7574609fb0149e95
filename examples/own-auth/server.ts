// Parlor behind the login that an Express app already has: a session cookie says who asks.
// OPENAI_API_KEY=… node server.ts, then:
// curl -c jar 'http://127.0.0.1:3000/login/ada'
// curl -b jar -N 'http://127.0.0.1:3000/ai/api/v1/chat/stream?message=Hello&session_id=s1'
import { randomUUID } from "node:crypto";
import { createChatEngine } from "@parlor/core";
import { parlor } from "@parlor/express";
import { openai } from "@parlor/openai";
import express, { type Request } from "express";

const { OPENAI_BASE_URL: baseURL, PORT = "3000" } = process.env;
const engine = createChatEngine({ backend: openai({ model: "gpt-5-mini", ...(baseURL && { baseURL }) }) });
const app = express();

// Stands for your own users and sessions.
const users = new Map([
  ["ada", { id: "user-1", name: "Ada Lovelace", role: "customer" }],
  ["root", { id: "user-2", name: "Grace Hopper", role: "staff" }],
]);
const sessions = new Map<string, string>();
const userOf = ({ headers }: Request) =>
  users.get(sessions.get(/session=([\w-]+)/.exec(headers.cookie ?? "")?.[1] ?? "") ?? "");

app.get("/login/:user", ({ params }, response) => {
  const session = randomUUID();
  sessions.set(session, params.user);
  response.cookie("session", session, { httpOnly: true, sameSite: "lax" }).send("Welcome");
});

// `raw` is Express' own request. Undefined turns the request away; an id that never changes hands owns the conversations.
app.use(
  "/ai",
  parlor(engine, {
    auth: ({ raw }) => {
      const user = userOf(raw);
      return user && { id: user.id, name: user.name, admin: user.role === "staff" };
    },
  }),
);
app.listen(Number(PORT), "127.0.0.1", () => console.log("listening on", PORT));
