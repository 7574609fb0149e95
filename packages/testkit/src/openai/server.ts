import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { failure, text, type FakeReply } from "./reply.ts";
import { toCompletion, toRecords, type Asked } from "./records.ts";
import { send, toWrites } from "./wire.ts";

export interface FakeOpenAIOptions {
  /** What every request gets that `next` has nothing for. Default: the text `Hello from the fake.` in four pieces. */
  readonly reply?: FakeReply | ((request: FakeRequest) => FakeReply);
  /** What `GET /v1/models` lists. Default `["fake"]`. Any model name is answered. */
  readonly models?: readonly string[];
  /** Default 0: any free port. */
  readonly port?: number;
  /** Whether `requests` fills; default true. A long benchmark turns it off. */
  readonly record?: boolean;
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly body: FakeRequestBody | undefined;
  /** Resolves when the exchange is over: the answer went out whole, or the connection ended before. */
  readonly closed: Promise<"complete" | "aborted">;
}

/** The fields the fake reads, and whatever else was sent. */
export interface FakeRequestBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages?: readonly { readonly role: string; readonly content?: unknown }[];
  readonly [key: string]: unknown;
}

export interface FakeOpenAI {
  /** With `/v1`, as a client's base URL. */
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly FakeRequest[];
  /** TCP connections that were opened so far, and those that are open. */
  readonly connections: { readonly opened: number; readonly open: number };
  /** Resolves once no connection is open. */
  readonly quiet: () => Promise<void>;
  /** Replies for the next requests, one each; before the default reply. */
  readonly next: (...replies: readonly FakeReply[]) => void;
  /** The nth request from the start (from 0), once it has come. */
  readonly request: (index: number) => Promise<FakeRequest>;
  /** Cuts every connection and stops listening. */
  readonly close: () => Promise<void>;
}

const greeting: FakeReply = { steps: text("Hello", " from", " the", " fake.") };

/**
 * An OpenAI that answers what a test tells it to, byte for byte as the real one does, on 127.0.0.1. Serves
 * `POST /v1/chat/completions` (streamed or not) and `GET /v1/models`. A benchmark runs it in a process of its own.
 */
export async function fakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  const { reply = greeting, models = ["fake"], record = true } = options;
  const queue: FakeReply[] = [];
  const requests: FakeRequest[] = [];
  const waiting = new Map<number, (request: FakeRequest) => void>();
  const bodies = new WeakMap<FakeReply, Map<string, readonly Buffer[]>>();
  const connections = { opened: 0, open: 0 };
  let quietened: (() => void)[] = [];

  const server = createServer((incoming, response) => {
    void answer(incoming, response).catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    connections.opened++;
    connections.open++;
    socket
      .on("error", () => {})
      .on("close", () => {
        connections.open--;
        if (connections.open > 0) return;
        for (const tell of quietened) tell();
        quietened = [];
      });
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await receive(incoming, response);
    if (record) {
      requests.push(request);
      waiting.get(requests.length - 1)?.(request);
    }
    if (request.method === "GET" && request.path === "/v1/models") return json(response, listOf(models));
    if (request.method !== "POST" || request.path !== "/v1/chat/completions") return fail(response, notFound);
    const next = queue.shift() ?? (typeof reply === "function" ? reply(request) : reply);
    if (next.delayMs !== undefined) await sleep(next.delayMs, undefined, { ref: false });
    if (next.body !== undefined) fail(response, next);
    else if (request.body === undefined) fail(response, notJson);
    else converse(response, next, request.body);
  }

  function converse(response: ServerResponse, next: FakeReply, body: FakeRequestBody): void {
    const asked: Asked = {
      model: body.model ?? "fake",
      stream: body.stream === true,
      includeUsage: body.stream_options?.include_usage === true,
    };
    const type = asked.stream ? "text/event-stream; charset=utf-8" : "application/json";
    const headers = { "content-type": type, "x-request-id": "req_fake", ...next.headers };
    response.writeHead(next.status ?? 200, headers);
    send(response, writesOf(next, asked), next.wire ?? {});
  }

  /** Made once per reply, so that serving it again costs only the writes. */
  function writesOf(next: FakeReply, asked: Asked): readonly Buffer[] {
    const key = `${asked.stream} ${asked.includeUsage} ${asked.model}`;
    let made = bodies.get(next);
    if (made === undefined) bodies.set(next, (made = new Map()));
    let writes = made.get(key);
    if (writes === undefined) {
      const records = asked.stream ? toRecords(next, asked) : [JSON.stringify(toCompletion(next, asked))];
      made.set(key, (writes = toWrites(records, next.wire ?? {})));
    }
    return writes;
  }

  server.listen({ port: options.port ?? 0, host: "127.0.0.1", backlog: 8192 });
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    connections,
    quiet: () => new Promise((resolve) => (connections.open === 0 ? resolve() : quietened.push(resolve))),
    next: (...replies) => void queue.push(...replies),
    request: (index) =>
      new Promise((resolve) => {
        const come = requests[index];
        if (come === undefined) waiting.set(index, resolve);
        else resolve(come);
      }),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const notFound = failure(404, { message: "Unknown request URL", type: "invalid_request_error", code: "unknown_url" });
const notJson = failure(400, { message: "The body is not JSON", type: "invalid_request_error" });

function fail(response: ServerResponse, { status = 200, headers, body }: FakeReply): void {
  response.writeHead(status, headers).end(body);
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json", "x-request-id": "req_fake" });
  response.end(JSON.stringify(value));
}

function listOf(models: readonly string[]): unknown {
  const data = models.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: "fake" }));
  return { object: "list", data };
}

async function receive(incoming: IncomingMessage, response: ServerResponse): Promise<FakeRequest> {
  const closed = new Promise<"complete" | "aborted">((resolve) => {
    response.once("close", () => resolve(response.writableFinished ? "complete" : "aborted"));
  });
  const parts: Buffer[] = [];
  incoming.on("data", (part: Buffer) => parts.push(part));
  await once(incoming, "end");
  const sent = Buffer.concat(parts).toString();
  const { method = "GET", url = "/", headers } = incoming;
  return { method, path: url.split("?", 1)[0] as string, headers, text: sent, body: parse(sent), closed };
}

function parse(sent: string): FakeRequestBody | undefined {
  try {
    const value: unknown = JSON.parse(sent);
    return typeof value === "object" && value !== null ? (value as FakeRequestBody) : undefined;
  } catch {
    return undefined;
  }
}
