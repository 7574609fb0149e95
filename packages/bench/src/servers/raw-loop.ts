import type { IncomingMessage, ServerResponse } from "node:http";
import { createParser } from "eventsource-parser";
import { type Asked, readAsked } from "./serve.ts";
import { askProvider, type Chunk } from "./upstream.ts";

/** The least that reads a model's answer and passes it on: no framework, nothing stored, no errors handled, no backpressure. */

export function rawLoop(incoming: IncomingMessage, outgoing: ServerResponse): void {
  readAsked(incoming, (asked) => ask(asked, outgoing));
}

function ask({ message, stream }: Asked, outgoing: ServerResponse): void {
  askProvider({ messages: [{ role: "user", content: message }] }, (reply) => {
    if (stream) forward(reply, outgoing);
    else collect(reply, outgoing);
  });
}

function forward(reply: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  read(
    reply,
    (content) => outgoing.write(`data: ${JSON.stringify({ content })}\n\n`),
    () => outgoing.end("data: [DONE]\n\n"),
  );
}

function collect(reply: IncomingMessage, outgoing: ServerResponse): void {
  let message = "";
  read(
    reply,
    (content) => (message += content),
    () => outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ message })),
  );
}

function read(reply: IncomingMessage, onText: (content: string) => void, onEnd: () => void): void {
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") return;
      const content = (JSON.parse(data) as Chunk).choices[0]?.delta.content;
      if (content) onText(content);
    },
  });
  reply.setEncoding("utf8");
  reply.on("data", (part: string) => parser.feed(part));
  reply.on("end", onEnd);
}
