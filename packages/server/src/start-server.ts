import { createChatEngine, type ChatEngine, type ModelBackend, type Storage } from "@parlor/core";
import { docsUi } from "@parlor/docs-ui";
import { createHandler } from "@parlor/http";
import type { Credentials } from "@parlor/http/accounts";
import { prometheus, traced } from "@parlor/telemetry";
import type { Logger } from "pino";
import type { ModelChoice } from "./config/choose-model.ts";
import type { Config } from "./config/read-config.ts";
import { chatPage } from "./chat-page.ts";
import { createLogger } from "./log/create-logger.ts";
import { loadAccess } from "./load-access.ts";
import { loadBackend, type LoadedBackend } from "./load-backend.ts";
import { closeStorage, loadStorage } from "./load-storage.ts";
import { turnLine } from "./log/turn-line.ts";
import { type OpenServer, openServer } from "./open-server.ts";
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
  const { access, listen } = config;
  const open = access.anonymous === "shared";
  const server = await openServer(handler, { listen, logger, trust: access.trust, open });
  let closing: Promise<void> | undefined;
  return {
    url: server.url,
    engine,
    created,
    close: ({ drainMs = drainDefaultMs } = {}) => (closing ??= shutDown(server, engine, drainMs)),
  };
}

/** Listens until the last turn has ended: who asks meanwhile is told (503), and who lost a stream can still resume it. */
async function shutDown(server: OpenServer, engine: ChatEngine, drainMs: number): Promise<void> {
  server.retire();
  await engine.close({ drainMs });
  await server.close();
}
