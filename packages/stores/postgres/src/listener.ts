import { Client, type ClientConfig } from "pg";

/** Pauses between attempts to come back: the first, doubled up to the last. */
const pause = { firstMs: 100, lastMs: 1_000 };
/** A connection can be dead without anybody saying so. */
const checkMs = 5_000;

/** A connection that listens to one channel, and comes back when it is lost. What is said meanwhile it does not hear. */
export class Listener {
  readonly #config: ClientConfig;
  readonly #channel: string;
  readonly #timeoutMs: number;
  readonly #hear: (payload: string) => void;
  #client: Client | undefined;
  /** That this client listens, or will. */
  #listening: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = pause.firstMs;
  #closed = false;

  constructor(config: ClientConfig, channel: string, timeoutMs: number, hear: (payload: string) => void) {
    this.#config = {
      ...config,
      application_name: "parlor bus",
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    };
    this.#channel = channel;
    this.#timeoutMs = timeoutMs;
    this.#hear = hear;
  }

  /** Resolves once it listens; rejects when this attempt fails or takes too long. */
  async ready(): Promise<void> {
    if (this.#closed) throw new Error("the bus is closed");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    });
    try {
      await Promise.race([this.#connect(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops listening, for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#client?.connection.stream.destroy();
  }

  #connect(): Promise<void> {
    if (this.#listening) return this.#listening;
    clearTimeout(this.#retry);
    const client = new Client(this.#config);
    this.#client = client;
    const lost = () => this.#lost(client);
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ payload }) => this.#hear(payload ?? ""));
    this.#listening = this.#listen(client, lost);
    this.#listening.catch(lost);
    return this.#listening;
  }

  async #listen(client: Client, lost: () => void): Promise<void> {
    await client.connect();
    await client.query(`listen "${this.#channel}"`);
    this.#pauseMs = pause.firstMs;
    // Hearing hints is no reason for a process to go on.
    const { stream } = client.connection;
    if ("unref" in stream && typeof stream.unref === "function") stream.unref();
    const check = setInterval(() => void client.query("select 1").catch(lost), checkMs).unref();
    client.on("end", () => clearInterval(check));
  }

  #lost(client: Client): void {
    client.connection.stream.destroy();
    if (this.#client !== client || this.#closed) return;
    this.#client = undefined;
    this.#listening = undefined;
    this.#retry = setTimeout(() => void this.#connect().catch(() => {}), this.#pauseMs).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, pause.lastMs);
  }
}
