// The openai SDK as a client of your own server: here in one program, so that it runs as it is.
// OPENAI_API_KEY=… node chat.ts
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createChatEngine } from "@parlor/core";
import { createHandler } from "@parlor/http";
import { listener } from "@parlor/http/node";
import { openai } from "@parlor/openai";
import OpenAI from "openai";

const { OPENAI_BASE_URL: baseURL } = process.env;
const engine = createChatEngine({ backend: openai({ model: "gpt-5-mini", ...(baseURL && { baseURL }) }) });

// The SDK sends its key as a bearer token: your own keys, and whose they are.
const people = new Map([["Bearer key-of-ada", { id: "ada" }]]);
const handler = createHandler(engine, { auth: ({ headers }) => people.get(headers["authorization"] ?? "") });
const server = createServer(listener(handler)).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const client = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "key-of-ada" });

// As everywhere in this protocol, a call knows nothing of others …
const messages = [{ role: "user" as const, content: "Name a book." }];
const stream = await client.chat.completions.create({ model: "gpt-5-mini", messages, stream: true });
for await (const { choices } of stream) process.stdout.write(choices[0]?.delta.content ?? "");

// … unless it names a session, whose history your server keeps,
const session = { headers: { "X-Session-Id": "books" } };
await client.chat.completions.create({ model: "gpt-5-mini", messages }, session);
const again = [{ role: "user" as const, content: "And another?" }];
const { choices } = await client.chat.completions.create({ model: "gpt-5-mini", messages: again }, session);
console.log(`\n${choices[0]?.message.content}`);

// or goes on with a response.
const { id: previous_response_id } = await client.responses.create({ model: "gpt-5-mini", input: "Name a film." });
const next = await client.responses.create({ model: "gpt-5-mini", input: "Of which year?", previous_response_id });
console.log(next.output_text);
server.close();
await engine.close();
