import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createParser } from "eventsource-parser";
import { type Asked, model, providerUrl, readAsked } from "./serve.ts";

/** The least that reads a model's answer and passes it on: no framework, nothing stored, no errors handled, no backpressure. */

const agent = new Agent({ keepAlive: true });
const { hostname, port, pathname } = new URL(`${providerUrl}/chat/completions`);

export function rawLoop(incoming: IncomingMessage, outgoing: ServerResponse): void {
  readAsked(incoming, (asked) => ask(asked, outgoing));
}

function ask({ message, stream }: Asked, outgoing: ServerResponse): void {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: message }] });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const upstream = request({ agent, hostname, port, path: pathname, method: "POST", headers }, (reply) => {
    if (stream) forward(reply, outgoing);
    else collect(reply, outgoing);
  });
  upstream.end(body);
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

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
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
