import { createClient, createCluster } from "@redis/client";
import type { Settings } from "./options.ts";

type Listener = (payload: string) => void;

/** What we need of a client, of one server or of a cluster. */
export interface Wire {
  connect(): Promise<unknown>;
  readonly ready: boolean;
  /** `key` says which node of a cluster it is for. */
  send(key: string, command: readonly string[]): Promise<unknown>;
  subscribe(channel: string, listener: Listener): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Waits for what is under way. */
  close(): Promise<unknown>;
  /** At once. */
  destroy(): void;
}

export interface WireEvents {
  readonly ready: () => void;
  /** It was heard from: it answers. */
  readonly heard: () => void;
  readonly lost: (error: unknown) => void;
}

/** A server that says nothing for so long after our last word is taken for gone, and the connection is made anew. */
const graceMs = 500;
/** Keeps an idle connection from being taken for dead, and notices when a frozen server is back. */
const pingMs = 1_000;
const longestPauseMs = 500;

/** Doubling from 25 ms, with jitter, for ever: the default strategy gives up for good after a socket timeout. */
const reconnectStrategy = (retries: number) => Math.min(25 * 2 ** retries, longestPauseMs) * (0.5 + Math.random() / 2);

function clientOptions(settings: Settings) {
  const { url, timeoutMs, tls } = settings;
  return {
    // Understood by every server that speaks Redis; nothing here needs RESP3.
    RESP: 2 as const,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled" as const,
    pingInterval: pingMs,
    socket: {
      connectTimeout: timeoutMs,
      socketTimeout: Math.max(timeoutMs, pingMs) + graceMs,
      reconnectStrategy,
      ...((tls || url.startsWith("rediss:")) && { tls: true as const, ...tls }),
    },
  };
}

export function openWire(settings: Settings, events: WireEvents): Wire {
  return settings.cluster ? openCluster(settings, settings.cluster, events) : openClient(settings, events);
}

function openClient(settings: Settings, { ready, heard, lost }: WireEvents): Wire {
  const client = createClient({ url: settings.url, ...clientOptions(settings) });
  client.on("error", lost);
  client.on("ready", ready);
  client.on("ping-interval", heard);
  return {
    connect: () => client.connect(),
    get ready() {
      return client.isReady;
    },
    send: (_key, command) => client.sendCommand(command),
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    unsubscribe: (channel) => client.unsubscribe(channel),
    close: () => client.close(),
    destroy: () => client.destroy(),
  };
}

function openCluster(settings: Settings, urls: readonly string[], { ready, heard, lost }: WireEvents): Wire {
  const { username, password } = new URL(settings.url);
  const cluster = createCluster({
    RESP: 2,
    rootNodes: [settings.url, ...urls].map((url) => ({ url, ...clientOptions(settings) })),
    defaults: {
      ...clientOptions(settings),
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
    },
  });
  let connected = false;
  cluster.on("error", lost);
  cluster.on("node-ready", heard);
  return {
    async connect() {
      await cluster.connect();
      connected = true;
      ready();
    },
    get ready() {
      return connected;
    },
    send: (key, command) => cluster.sendCommand(key, false, [...command]),
    subscribe: (channel, listener) => cluster.subscribe(channel, listener),
    unsubscribe: (channel) => cluster.unsubscribe(channel),
    close: () => cluster.close(),
    destroy: () => cluster.destroy(),
  };
}
