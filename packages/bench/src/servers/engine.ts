import type { ServerResponse } from "node:http";
import { createChatEngine } from "@parlor/core";
import { openai } from "@parlor/openai";
import { type Asked, model, providerUrl, readAsked, serve } from "./serve.ts";

/** The engine without its HTTP: every turn is stored, logged and can be resumed; one write per batch. */

const engine = createChatEngine({ backend: openai({ model, baseURL: providerUrl }) });

await serve((incoming, outgoing) => readAsked(incoming, (asked) => void answer(asked, outgoing)));

async function answer({ message, session_id: session, stream }: Asked, outgoing: ServerResponse): Promise<void> {
  const turn = await engine.start({ owner: "ada", session, message });
  if (!stream) {
    const { text } = await turn.reply();
    outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ message: text }));
    return;
  }
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  turn.subscribe(0, {
    onBatch(events) {
      let content = "";
      for (const event of events) if (event.type === "text") content += event.text;
      if (content !== "") outgoing.write(`data: ${JSON.stringify({ content })}\n\n`);
      if (events.at(-1)?.type === "end") outgoing.end("data: [DONE]\n\n");
    },
  });
}
