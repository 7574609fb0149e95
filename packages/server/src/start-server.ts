import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createChatEngine, type ChatEngine, type ModelBackend, type Storage } from "@parlor/core";
import { docsUi } from "@parlor/docs-ui";
import { createHandler, notFound } from "@parlor/http";
import type { Credentials } from "@parlor/http/accounts";
import { attach, listener } from "@parlor/http/node";
import { prometheus, traced } from "@parlor/telemetry";
import type { Logger } from "pino";
import type { ModelChoice } from "./config/choose-model.ts";
import type { Config } from "./config/read-config.ts";
import { chatPage } from "./chat-page.ts";
import { createClientAddress } from "./client-address.ts";
import { createLogger } from "./log/create-logger.ts";
import { loadAccess } from "./load-access.ts";
import { loadBackend, type LoadedBackend } from "./load-backend.ts";
import { closeStorage, loadStorage } from "./load-storage.ts";
import { foreignHost, isLocalHost, isLoopback } from "./local-host.ts";
import { turnLine } from "./log/turn-line.ts";
import { createTurnAway } from "./turn-away.ts";
import { StartError } from "./start-error.ts";
import { version } from "./version.ts";

export interface RunningServer {
  /** Where it answers: `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly engine: ChatEngine;
  /** The administrator that this start has made with a random password, to be shown once. */
  readonly created: Credentials | undefined;
  /**
   * Says at once that it is not ready and takes no new turns (503), lets those that run finish for `drainMs` (default 8,000),
   * interrupts the rest, ends every connection. A second call waits for the first.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** With what follows it, less than the 10 s that Docker waits before it kills. */
const drainDefaultMs = 8_000;
/** How long replies that are written may take to leave once every turn has ended. */
const flushMs = 1_000;

/**
 * Loads the model and serves it. Throws `StartError`, or a `ChatError` of the model, with a sentence for whoever runs it.
 * `logger`: default one that logs as `config.log` says.
 */
export async function startServer(
  config: Config,
  logger: Logger = createLogger(config.log, process.stdout.isTTY),
): Promise<RunningServer> {
  const storage = await loadStorage(config.storage, config.bounds);
  const loaded: LoadedBackend[] = [];
  try {
    const load = async (choice: ModelChoice) => {
      const backend = await loadBackend(choice, (line) => logger.info(line));
      loaded.push(backend);
      return backend;
    };
    const backend = await load(config.model);
    const models: Record<string, ModelBackend> = {};
    for (const [tag, choice] of Object.entries(config.models)) models[tag] = await load(choice);
    return await serve(config, { backend, models }, storage, logger);
  } catch (error) {
    await Promise.all([...loaded.map((backend) => backend.close()), closeStorage(storage)]);
    throw error;
  }
}

interface Loaded {
  readonly backend: LoadedBackend;
  readonly models: { readonly [tag: string]: ModelBackend };
}

async function serve(
  config: Config,
  { backend, models }: Loaded,
  storage: Storage,
  logger: Logger,
): Promise<RunningServer> {
  const { systemPrompt, settings, window, limits } = config;
  const metrics = config.metrics && prometheus(config.metrics);
  const counted = (each: ModelBackend) => traced(metrics ? metrics.backend(each) : each);
  const engine = createChatEngine({
    backend: counted(backend),
    models: Object.fromEntries(Object.entries(models).map(([tag, each]) => [tag, counted(each)])),
    storage: metrics ? metrics.storage(storage) : storage,
    settings,
    window,
    limits,
    ...(systemPrompt && { systemPrompt }),
    onTurn(summary) {
      logger.info(turnLine(summary), "turn");
      metrics?.onTurn(summary);
    },
    onError: (error, during) => logger.error({ during, err: error }, "background failure"),
  });
  const { options, created } = await loadAccess(engine, config.access);
  const handler = createHandler(engine, {
    ...options,
    limits: { requests: config.requestLimits },
    version,
    logger,
    docs: docsUi(),
    ...(metrics && { metrics }),
    rootPage: config.rootPage === "chat" ? await chatPage() : config.rootPage,
    ...("swap" in backend && { modelService: backend }),
    ...("spelled" in config.model && { providerName: config.model.spelled }),
  });
  const turnAway = createTurnAway(logger);
  const client = createClientAddress(config.access.trust);
  const answer = listener(handler, { client, notFound: turnAway(notFound) });
  const refuseHost = turnAway(foreignHost);
  const open = config.access.anonymous === "shared";
  let onlyLocal = open;
  let closing: Promise<void> | undefined;
  const server = createServer(
    {
      headersTimeout: 10_000,
      // For a request to arrive; a reply may take as long as it likes.
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
      // A message of 32,000 characters fits the query of GET /api/v1/chat/stream, percent-encoded.
      maxHeaderSize: 384 * 1024,
    },
    (request, response) => {
      if (closing) response.shouldKeepAlive = false;
      if (onlyLocal && !isLocalHost(request.headers.host)) refuseHost(request, response);
      else answer(request, response);
    },
  );
  const detach = attach(server);
  await listen(server, config.listen);
  onlyLocal = open && isLoopback((server.address() as AddressInfo).address);
  return {
    url: urlOf(server),
    engine,
    created,
    close: ({ drainMs = drainDefaultMs } = {}) => (closing ??= shutDown({ server, detach, engine }, drainMs)),
  };
}

function listen(server: Server, { host, port }: Config["listen"]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve);
  server.once("error", (error: NodeJS.ErrnoException) => {
    const why: Record<string, string> = {
      EADDRINUSE: `PORT ${port} on ${host} is taken by another program; set PORT to another one`,
      EACCES: `PORT ${port} on ${host} may not be opened by this user; set PORT to 1024 or more`,
      EADDRNOTAVAIL: `HOST ${host} is no address of this machine`,
      ENOTFOUND: `HOST ${host} cannot be resolved`,
    };
    reject(new StartError(why[error.code ?? ""] ?? `cannot listen on ${host} port ${port}`, { cause: error }));
  });
  server.listen({ host, port, backlog: 8192 });
  return promise;
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  const everywhere = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[address];
  return `http://${everywhere ?? (family === "IPv6" ? `[${address}]` : address)}:${port}`;
}

interface Running {
  readonly server: Server;
  /** Ends its WebSockets. */
  readonly detach: () => void;
  readonly engine: ChatEngine;
}

/** Listens until the last turn has ended: who asks meanwhile is told (503), and who lost a stream can still resume it. */
async function shutDown({ server, detach, engine }: Running, drainMs: number): Promise<void> {
  await engine.close({ drainMs });
  detach();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  const late = setTimeout(() => server.closeAllConnections(), flushMs);
  await closed;
  clearTimeout(late);
}
