import type { IncomingMessage, ServerResponse } from "node:http";
import { createParser } from "eventsource-parser";
import { express } from "./express.ts";
import { type Asked, readAsked, serve } from "./serve.ts";
import { askProvider, type Chunk } from "./upstream.ts";

/**
 * What Parlor's turn comes to when one function does it for this one case, on Express: it stores both messages, keeps the log that a
 * stream could be resumed from, and sends frames like Parlor's. Nothing fails, waits, is checked, limited or stopped.
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

/** As many sessions as Parlor keeps in memory, and a log for each. */
const most = 10_000;
const sessions = new Map<string, Session>();
const turns = new Map<string, Turn>();

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
  const said = session.messages.filter(({ status }) => status === "complete");
  const asked = said.map(({ role, text }) => ({ role, content: text }));
  askProvider({ stream_options: { include_usage: true }, messages: asked }, (reply) => {
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

const app = express();
app.use((incoming: IncomingMessage, outgoing: ServerResponse) => {
  readAsked(incoming, (asked) => chat(asked, outgoing));
});

await serve(app);
