import { type ChatEngine, createChatEngine } from "@parlor/core";
import { says, type ScriptedBackend, scriptedBackend } from "@parlor/core/testing";
import { readEvents } from "./server-events.ts";
import { connect, type SocketClient } from "./socket.ts";
import type { Authenticate, HttpConformanceOptions, Principal, Setting, Site } from "./suite.ts";

const people: { readonly [token: string]: Principal } = {
  ada: { id: "ada", name: "Ada Lovelace" },
  eve: { id: "eve" },
  root: { id: "root", admin: true },
};

/** The administrator, as the options of `accounts()`. */
export const account = {
  username: "admin",
  password: "correct horse battery",
  secret: "q8Zr0vT5yB2nK7mW4xC9pL1sD6fG3hJa",
  cost: 10,
} as const;

/** Three people, told apart by bearer token; `root` is an admin. */
const byToken: Authenticate = ({ headers }) => people[headers["authorization"]?.replace(/^Bearer /, "") ?? ""];

export async function withSite(
  { serve, accounts }: HttpConformanceOptions,
  { model = says("Hello there, friend"), info, engine: given, options, host, accounts: withAccounts = false }: Setting,
  run: (site: Site) => Promise<void>,
): Promise<void> {
  const gate = Promise.withResolvers<void>();
  const backend = scriptedBackend(typeof model === "function" ? model(gate.promise) : model, info && { info });
  const engine = createChatEngine({ backend, ...given?.() });
  const prefix = host?.prefix ?? "";
  const auth = withAccounts ? [await accounts(engine), byToken] : byToken;
  const parlor = options?.access ? options : { auth, ...options };
  const served = await serve(engine, parlor, { prefix, parsesBodies: host?.parsesBodies ?? false });
  const sockets: SocketClient[] = [];
  try {
    await run(createSite(served.url, prefix, engine, backend, gate.resolve, sockets));
  } finally {
    for (const { webSocket } of sockets) webSocket.terminate();
    await served.close();
    await engine.close({ drainMs: 0 });
  }
}

function createSite(
  server: string,
  prefix: string,
  engine: ChatEngine,
  backend: ScriptedBackend,
  release: () => void,
  sockets: SocketClient[],
): Site {
  const url = server + prefix;
  const open: Site["open"] = (method, path, { as = "ada", body, headers, signal } = {}) =>
    fetch(url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(as !== null && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  return {
    engine,
    backend,
    url,
    prefix,
    release,
    open,
    async ask(method, path, asked) {
      const response = await open(method, path, asked);
      const text = await response.text();
      const isJson = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
    },
    async *events(method, path, asked) {
      const response = await open(method, path, asked);
      if (response.status !== 200 || !response.body) {
        throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
      }
      yield* readEvents(response.body);
    },
    async socket(asked) {
      const opened = await connect(url, asked);
      if ("status" in opened) throw new Error(`the WebSocket was refused: ${opened.status} ${opened.text}`);
      sockets.push(opened);
      return opened;
    },
    async refusal(asked) {
      const opened = await connect(url, asked);
      if ("status" in opened) return opened;
      sockets.push(opened);
      throw new Error("the WebSocket was not refused");
    },
  };
}
