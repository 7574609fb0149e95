import { Client, type ClientConfig } from "pg";

/** Pauses between attempts to come back: the first, doubled up to the last. */
const pause = { firstMs: 100, lastMs: 1_000 };
/** A connection can be dead without anybody saying so. */
const checkMs = 5_000;

/** A connection that listens to one channel, and comes back when it is lost. What is said meanwhile it does not hear. */
export class Listener {
  readonly #config: ClientConfig;
  readonly #channel: string;
  readonly #hear: (payload: string) => void;
  #connection: Promise<Client> | undefined;
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
    this.#hear = hear;
  }

  /** Resolves once it listens; rejects when this attempt fails. */
  async ready(): Promise<void> {
    if (this.#closed) throw new Error("the bus is closed");
    await this.#connect();
  }

  /** Stops listening, for good. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = await this.#connection?.catch(() => undefined);
    client?.connection.stream.destroy();
  }

  #connect(): Promise<Client> {
    clearTimeout(this.#retry);
    if (this.#connection) return this.#connection;
    const client = new Client(this.#config);
    const lost = () => this.#lost(client, connection);
    const connection = this.#listen(client, lost);
    this.#connection = connection;
    connection.catch(lost);
    return connection;
  }

  async #listen(client: Client, lost: () => void): Promise<Client> {
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ payload }) => this.#hear(payload ?? ""));
    await client.connect();
    await client.query(`listen "${this.#channel}"`);
    this.#pauseMs = pause.firstMs;
    // Hearing hints is no reason for a process to go on.
    const { stream } = client.connection;
    if ("unref" in stream && typeof stream.unref === "function") stream.unref();
    const check = setInterval(() => void client.query("select 1").catch(lost), checkMs).unref();
    client.on("end", () => clearInterval(check));
    return client;
  }

  #lost(client: Client, connection: Promise<Client>): void {
    client.connection.stream.destroy();
    if (this.#connection !== connection || this.#closed) return;
    this.#connection = undefined;
    this.#retry = setTimeout(() => void this.#connect().catch(() => {}), this.#pauseMs).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, pause.lastMs);
  }
}
