import KeyvRedis, { createClient, Keyv } from "@keyv/redis";
import { type KeyvStorage, storageOn } from "./keyv.ts";
import type { KeyvStoreOptions } from "./options.ts";

export interface KeyvRedisOptions extends KeyvStoreOptions {
  /** Before every key, with `::`. Default: nothing; all keys begin with `parlor.` anyway. */
  readonly namespace?: string;
}

type Client = ReturnType<typeof connect>;

/** Keeps an idle connection from being taken for dead, and notices a server that is back. */
const pingMs = 1_000;
const graceMs = 500;
const longestPauseMs = 500;

/** For ever: the client's own strategy gives up after a socket timeout. */
const reconnectStrategy = (retries: number) => Math.min(25 * 2 ** retries, longestPauseMs) * (0.5 + Math.random() / 2);

function connect(url: string, timeoutMs: number) {
  const client = createClient({
    url,
    // A command that waits for a connection would be carried out after it was given up.
    disableOfflineQueue: true,
    pingInterval: pingMs,
    socket: {
      connectTimeout: timeoutMs,
      socketTimeout: Math.max(timeoutMs, pingMs) + graceMs,
      reconnectStrategy,
    },
  });
  client.connect().catch(() => {
    // Only when it is closed before it is open.
  });
  return client;
}

/** @keyv/redis on a connection that comes back by itself; what there is no connection for fails in time. */
class ReconnectingRedis extends KeyvRedis<string> {
  readonly #connection: Client;
  readonly #timeoutMs: number;
  #ready: PromiseWithResolvers<void> | undefined;

  constructor(client: Client, timeoutMs: number) {
    super(client, { throwOnErrors: true });
    this.#connection = client;
    this.#timeoutMs = timeoutMs;
    client.on("ready", () => {
      this.#ready?.resolve();
      this.#ready = undefined;
    });
  }

  override async getClient() {
    if (!this.#connection.isReady) {
      this.#ready ??= Promise.withResolvers();
      await inTime(this.#ready.promise, this.#timeoutMs);
    }
    return super.getClient();
  }
}

async function inTime(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("no connection in time")), ms)));
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/**
 * Session storage on @keyv/redis, for one writing process. Connects at once, and again for ever; `close` closes the connection.
 *
 * @example
 * createChatEngine({ backend, storage: { ...memory(), ...keyvRedis("redis://127.0.0.1:6379") } });
 */
export function keyvRedis(url: string, { namespace, ...options }: KeyvRedisOptions = {}): KeyvStorage {
  const { timeoutMs = 2_000 } = options;
  const client = connect(url, timeoutMs);
  const keyv = new Keyv(new ReconnectingRedis(client, timeoutMs), { useKeyPrefix: false });
  keyv.namespace = namespace;
  return storageOn(keyv, options, async () => {
    // What hangs is cut off.
    if (client.isReady) await inTime(client.close(), timeoutMs).catch(() => {});
    if (client.isOpen) client.destroy();
  });
}
