// A conversation without HTTP: each turn sees the ones before it.
// OPENAI_API_KEY=… node chat.ts "What is a mutex?" "And a semaphore?"
import { createChatEngine } from "@parlor/core";
import { openai } from "@parlor/openai";

const { OPENAI_BASE_URL: baseURL } = process.env;
const engine = createChatEngine({ backend: openai({ model: "gpt-5-mini", ...(baseURL && { baseURL }) }) });

for (const message of process.argv.slice(2)) {
  console.log(`> ${message}`);
  for await (const event of engine.stream({ owner: "me", session: "terminal", message })) {
    if (event.type === "text") process.stdout.write(event.text);
    if (event.type === "end") console.log(`\n(${event.status}, ${event.usage?.outputTokens} tokens)`);
  }
}
await engine.close();
