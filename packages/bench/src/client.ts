import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Measure } from "./measures.ts";

/** What a load moved. */
export interface Moved {
  readonly replies: number;
  readonly tokens: number;
  /** Of the replies' bodies. */
  readonly bytes: number;
}

/** Puts a measure's load on a server. Throws when a reply is not whole: every token once, in order. */
export async function load(port: number, measure: Measure): Promise<Moved> {
  const { replies, atOnce, reply } = measure;
  const agent = new Agent({ keepAlive: true, scheduling: "fifo" });
  let left = replies;
  let bytes = 0;
  const user = async (index: number): Promise<void> => {
    // Streams of one pace that start together would stay together and share their reads.
    if (reply.paceMs > 0) await sleep((index * reply.paceMs) / atOnce);
    while (left-- > 0) {
      const body = await ask(agent, port, measure);
      checkTokens(body, reply.tokens);
      bytes += body.length;
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => user(index)));
  } finally {
    agent.destroy();
  }
  return { replies, tokens: replies * reply.tokens, bytes };
}

function ask(agent: Agent, port: number, { name, stream }: Measure): Promise<string> {
  const body = JSON.stringify({ message: name, session_id: crypto.randomUUID(), stream });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host: "127.0.0.1", port, path: "/api/v1/chat", method: "POST", headers });
    outgoing.on("error", reject);
    outgoing.on("response", (reply: IncomingMessage) => {
      const parts: Buffer[] = [];
      reply.on("data", (part: Buffer) => parts.push(part));
      reply.on("error", reject);
      reply.on("end", () => {
        const text = Buffer.concat(parts).toString("latin1");
        if (reply.statusCode === 200) resolve(text);
        else reject(new Error(`${name}: status ${reply.statusCode}, ${text.slice(0, 500)}`));
      });
    });
    outgoing.end(body);
  });
}

/** The provider's tokens are ` tok0`, ` tok1` and so on, from 0 again after ` tok999`. */
function checkTokens(body: string, tokens: number): void {
  const pattern = / tok(\d+)/g;
  let count = 0;
  for (let match = pattern.exec(body); match; match = pattern.exec(body)) {
    if (Number(match[1]) !== count++ % 1000) throw new Error(`Token ${count} of a reply is${match[0]}`);
  }
  if (count !== tokens) throw new Error(`A reply has ${count} of ${tokens} tokens`);
}
