import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createParser } from "eventsource-parser";
import { express } from "./express.ts";
import { type Asked, model, providerUrl, readAsked, serve } from "./serve.ts";

/**
 * What Parlor's turn comes to when one function does it for this one case, on Express: it stores both messages, keeps the log that a
 * stream could be resumed from, and sends the same frames. Nothing fails, waits, is checked, limited or stopped.
 */

interface Message {
  readonly id: string;
  readonly role: "user" | "assistant";
  text: string;
  readonly createdAt: string;
  status: "streaming" | "complete";
  usage?: unknown;
}

interface Turn {
  readonly events: { readonly text: string; readonly offset: number; readonly index: number }[];
  ended: boolean;
}

interface Session {
  readonly messages: Message[];
  live: Turn | undefined;
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
  readonly usage?: unknown;
}

/** As many of each as Parlor keeps in memory. */
const most = 10_000;
const sessions = new Map<string, Session>();
const turns = new Map<string, Turn>();

const agent = new Agent({ keepAlive: true });
const { hostname, port, pathname } = new URL(`${providerUrl}/chat/completions`);

function chat({ message, session_id: id, stream }: Asked, outgoing: ServerResponse): void {
  const session = sessions.get(id) ?? { messages: [], live: undefined };
  if (session.live) return void outgoing.writeHead(409).end();
  keep(sessions, id, session);
  const turn: Turn = (session.live = { events: [], ended: false });
  const turnId = crypto.randomUUID();
  keep(turns, turnId, turn);
  const createdAt = new Date().toISOString();
  const answer: Message = { id: crypto.randomUUID(), role: "assistant", text: "", createdAt, status: "streaming" };
  session.messages.push(
    { id: crypto.randomUUID(), role: "user", text: message, createdAt, status: "complete" },
    answer,
  );

  const ids = `,"session_id":${JSON.stringify(id)},"message_id":"${answer.id}","chunk_id":`;
  let frames = "";
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") return;
      const { choices, usage } = JSON.parse(data) as Chunk;
      if (usage) answer.usage = usage;
      const text = choices[0]?.delta.content;
      if (!text) return;
      const index = turn.events.length;
      turn.events.push({ text, offset: index + 1, index });
      answer.text += text;
      if (!stream) return;
      const fields = `"content":${JSON.stringify(text)}${ids}${index},"is_final":false,"timestamp":"${new Date().toISOString()}"`;
      frames += `event: chunk\nid: ${turnId}:${index + 1}\ndata: {${fields}}\n\n`;
    },
  });
  ask(session.messages, (reply) => {
    if (stream) outgoing.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    reply.setEncoding("utf8");
    reply.on("data", (part: string) => {
      parser.feed(part);
      if (frames !== "") outgoing.write(frames);
      frames = "";
    });
    reply.on("end", () => {
      answer.status = "complete";
      turn.ended = true;
      session.live = undefined;
      if (stream) return outgoing.end(`event: done\nid: ${turnId}:${turn.events.length + 1}\ndata: {}\n\n`);
      const body = JSON.stringify({ message: answer.text, session_id: id, usage: answer.usage });
      return outgoing.writeHead(200, { "content-type": "application/json" }).end(body);
    });
  });
}

/** Beyond the bound the oldest goes. */
function keep<T>(all: Map<string, T>, id: string, one: T): void {
  all.set(id, one);
  const oldest = all.size > most ? all.keys().next() : undefined;
  if (oldest && !oldest.done) all.delete(oldest.value);
}

function ask(messages: readonly Message[], answered: (reply: IncomingMessage) => void): void {
  const complete = messages.filter(({ status }) => status === "complete");
  const body = JSON.stringify({
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: complete.map(({ role, text }) => ({ role, content: text })),
  });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  request({ agent, hostname, port, path: pathname, method: "POST", headers }, answered).end(body);
}

const app = express();
app.use((incoming: IncomingMessage, outgoing: ServerResponse) => {
  readAsked(incoming, (asked) => chat(asked, outgoing));
});

await serve(app);
