import { request as httpRequest, Agent as HttpAgent, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import type { Answer } from "./answer.ts";

export interface Call {
  readonly method: "GET" | "POST";
  readonly headers: { readonly [name: string]: string };
  /** Of a POST. */
  readonly body?: string;
  /** Ends the call at any time until its body has ended. */
  readonly signal: AbortSignal;
  readonly redirect: "manual";
}

export interface NodeFetch {
  readonly fetch: (url: string, call: Call) => Promise<Answer>;
  /** Closes every connection. */
  readonly close: () => void;
}

/**
 * The part of fetch that a call needs, over node:http: the body is Node's own stream, because a web stream costs more than all else
 * that is done for a token. Connections are kept, the last used first; nothing is followed or decompressed; TCP and TLS together
 * have `connectMs`; an abort closes the socket at once.
 */
export function nodeFetch(connectMs: number): NodeFetch {
  const plain = new HttpAgent({ keepAlive: true, scheduling: "lifo" });
  const secure = new HttpsAgent({ keepAlive: true, scheduling: "lifo" });
  let last: { readonly href: string; readonly headers: Call["headers"]; readonly to: Target } | undefined;

  /** Calls go to the same place with the same headers again and again. */
  function targetOf(href: string, headers: Call["headers"]): Target {
    if (last?.href !== href || last.headers !== headers) last = { href, headers, to: toTarget(new URL(href), headers) };
    return last.to;
  }

  function send(to: Target, call: Call, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
    const { method, body, signal } = call;
    if (signal.aborted) return reject(aborted());
    const { secure: tls, hostname, port, path } = to;
    const headers = body === undefined ? to.headers : [...to.headers, "content-length", `${Buffer.byteLength(body)}`];
    const options = { hostname, port, path, method, headers };
    const request = tls ? httpsRequest({ ...options, agent: secure }) : httpRequest({ ...options, agent: plain });
    const abort = (): void => void request.destroy(aborted());
    signal.addEventListener("abort", abort);
    request.once("close", () => signal.removeEventListener("abort", abort));
    // One that was kept is connected.
    if (!request.reusedSocket) request.once("socket", (socket) => limitConnect(request, socket, connectMs));
    let answered = false;
    request.once("response", (incoming) => {
      answered = true;
      resolve(toAnswer(incoming));
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      // The server closed this idle connection just as we took it: nothing was asked yet.
      if (!answered && request.reusedSocket && error.code === "ECONNRESET") send(to, call, resolve, reject);
      else reject(error);
    });
    request.end(body);
  }

  return {
    fetch: (url, call) => new Promise((resolve, reject) => send(targetOf(url, call.headers), call, resolve, reject)),
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

interface Target {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: string;
  readonly path: string;
  /** Names and values in turn: node:http takes such a list as it is. */
  readonly headers: readonly string[];
}

function toTarget(url: URL, headers: Call["headers"]): Target {
  return {
    secure: url.protocol === "https:",
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    path: url.pathname + url.search,
    headers: Object.entries({ host: url.host, ...headers }).flat(),
  };
}

function limitConnect(request: ClientRequest, socket: Socket, connectMs: number): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => {
    request.destroy(Object.assign(new Error("The connection took too long"), { code: "ETIMEDOUT" }));
  }, connectMs);
  const connected = "encrypted" in socket ? "secureConnect" : "connect";
  // Nothing of this call may stay with the socket, which serves others after it.
  const done = (): void => {
    clearTimeout(timer);
    socket.off(connected, done).off("close", done);
  };
  socket.once(connected, done).once("close", done);
}

function toAnswer(incoming: IncomingMessage): Answer {
  const { statusCode: status = 0, rawHeaders } = incoming;
  return { status, headers: { get: (name) => valueOf(rawHeaders, name) }, body: incoming };
}

/** By a lower-case name; of several the first. */
function valueOf(headers: readonly string[], name: string): string | null {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) return headers[at + 1] ?? null;
  }
  return null;
}

function aborted(): Error {
  return new DOMException("The call was aborted", "AbortError");
}
