import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { receive, type ProviderRequest } from "./request.ts";
import { send, sendAsTheyCome, toWrites, type Wire } from "./wire.ts";

/** The answer to one request, as bytes. */
export interface ProviderReply {
  /** Before the headers; milliseconds. */
  readonly delayMs?: number;
  /** Default 200. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** A whole body, the records of a stream, or records that are written as they come. */
  readonly body?: string | readonly string[] | AsyncIterable<string>;
  readonly wire?: Wire;
}

export interface FakeProviderOptions<Reply> {
  /** What every request gets that `next` has nothing for. */
  readonly reply: Reply | ((request: ProviderRequest) => Reply);
  /** The bytes of a reply, as this provider writes them. What it returns twice is made into bytes once. */
  readonly render: (reply: Reply, request: ProviderRequest) => ProviderReply;
  /** Requests that take no reply: lists of models, paths there are none of. */
  readonly route?: (request: ProviderRequest) => ProviderReply | undefined;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Whether `requests` fills; default true. A long benchmark turns it off. */
  readonly record?: boolean;
}

export interface FakeProvider<Reply> {
  /** Without a path. */
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly ProviderRequest[];
  /** TCP connections that were opened so far, and those that are open. */
  readonly connections: { readonly opened: number; readonly open: number };
  /** Resolves once no connection is open. */
  readonly quiet: () => Promise<void>;
  /** Replies for the next requests, one each; before the default reply. */
  readonly next: (...replies: readonly Reply[]) => void;
  /** The nth request from the start (from 0), once it has come. */
  readonly request: (index: number) => Promise<ProviderRequest>;
  /** Cuts every connection and stops listening. */
  readonly close: () => Promise<void>;
}

/**
 * A provider over HTTP on 127.0.0.1 that answers what a test tells it to, byte for byte. What makes it one provider and not
 * another is `render`: the records of its stream.
 */
export async function fakeProvider<Reply>(options: FakeProviderOptions<Reply>): Promise<FakeProvider<Reply>> {
  const { reply, render, route, record = true } = options;
  const queue: Reply[] = [];
  const requests: ProviderRequest[] = [];
  const waiting = new Map<number, (request: ProviderRequest) => void>();
  const made = new WeakMap<ProviderReply, readonly Buffer[]>();
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
    const routed = route?.(request);
    if (routed !== undefined) return write(response, routed);
    const next = queue.shift() ?? (isFunction(reply) ? reply(request) : reply);
    write(response, await delayed(render(next, request)));
  }

  function write(response: ServerResponse, rendered: ProviderReply): void {
    const { status = 200, headers, body = "", wire = {} } = rendered;
    response.writeHead(status, headers);
    if (typeof body === "string" && rendered.wire === undefined) response.end(body);
    else if (typeof body === "object" && Symbol.asyncIterator in body) sendAsTheyCome(response, body);
    else {
      let writes = made.get(rendered);
      if (writes === undefined) made.set(rendered, (writes = toWrites(typeof body === "string" ? [body] : body, wire)));
      send(response, writes, wire);
    }
  }

  server.listen({ port: options.port ?? 0, host: "127.0.0.1", backlog: 8192 });
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
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

async function delayed(rendered: ProviderReply): Promise<ProviderReply> {
  if (rendered.delayMs !== undefined) await sleep(rendered.delayMs, undefined, { ref: false });
  return rendered;
}

function isFunction<Reply>(
  reply: Reply | ((request: ProviderRequest) => Reply),
): reply is (request: ProviderRequest) => Reply {
  return typeof reply === "function";
}
