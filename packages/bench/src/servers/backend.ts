import type { ServerResponse } from "node:http";
import { openai } from "@parlor/openai";
import { type Asked, model, providerUrl, readAsked, serve } from "./serve.ts";

/** The raw loop with `@parlor/openai` in place of its own reader: one write per read, nothing stored. */

const backend = openai({ model, baseURL: providerUrl });

await serve((incoming, outgoing) => readAsked(incoming, (asked) => void answer(asked, outgoing)));

async function answer({ message, stream }: Asked, outgoing: ServerResponse): Promise<void> {
  const messages = [{ role: "user", parts: [{ type: "text", text: message }] }] as const;
  let whole = "";
  if (stream) outgoing.writeHead(200, { "content-type": "text/event-stream" });
  for await (const batch of backend.generate({ messages, settings: {} }, new AbortController().signal)) {
    let content = "";
    for (const event of batch) if (event.type === "text") content += event.text;
    if (stream && content !== "") outgoing.write(`data: ${JSON.stringify({ content })}\n\n`);
    whole += content;
  }
  if (stream) outgoing.end("data: [DONE]\n\n");
  else outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ message: whole }));
}
