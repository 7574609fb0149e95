import { ChatError } from "@parlor/core";
import { Deadlines } from "./deadlines.ts";
import type { Settings } from "./options.ts";
import type { Script } from "./script.ts";
import { openWire, type Wire } from "./wire.ts";

/** After a failover the old primary goes on answering as a replica; looking for the new one again and again helps nobody. */
const movePauseMs = 1_000;

/**
 * One connection, made when it is first needed, that never hangs: a call is answered, or it fails with `store_unavailable` when its
 * time is over; at once while the server is known to be silent or away. It comes back by itself.
 */
export class Connection {
  readonly #settings: Settings;
  readonly #deadlines: Deadlines;
  #wire: Wire | undefined;
  #waiting: (() => void)[] = [];
  /** Since when there is no connection; undefined: there is one. */
  #awaySince: number | undefined;
  /** A call was not answered in time, and nothing was heard since. */
  #silent = false;
  #movedAt = -Infinity;
  #closed: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#deadlines = new Deadlines(settings.timeoutMs);
  }

  /** One script, one step. All keys are of one owner, or there is only one. */
  async run<T>(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<T> {
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    const [key = ""] = keys;
    return this.call(async (wire) => {
      try {
        return (await wire.send(key, ["EVALSHA", script.sha, ...rest])) as T;
      } catch (error) {
        // It is new to this server, or the server was restarted.
        if (!saysReply(error, "NOSCRIPT")) throw error;
        return (await wire.send(key, ["EVAL", script.source, ...rest])) as T;
      }
    });
  }

  async command<T>(key: string, ...command: readonly (string | number)[]): Promise<T> {
    return this.call(async (wire) => (await wire.send(key, command.map(String))) as T);
  }

  async ping(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw unavailable(signal.reason);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(unavailable(signal.reason));
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.command("", "PING"), aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Any call on the client, in time. */
  call<T>(work: (wire: Wire) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(unavailable("closed"));
    const wire = this.#open();
    if (this.#silent || (this.#awaySince ?? Infinity) < performance.now() - this.#settings.timeoutMs)
      return Promise.reject(unavailable("no answer"));
    return new Promise((resolve, reject) => {
      const deadline = this.#deadlines.add(() => {
        this.#silent = wire.ready;
        reject(unavailable("no answer in time"));
      });
      const start = () => {
        if (deadline.over) return;
        work(this.#open()).then(
          (reply) => {
            deadline.over = true;
            this.#silent = false;
            resolve(reply);
          },
          (error: unknown) => {
            deadline.over = true;
            if (saysReply(error, "READONLY")) this.#move();
            reject(unavailable(error));
          },
        );
      };
      if (wire.ready) start();
      else this.#waiting.push(start);
    });
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  #open(): Wire {
    if (this.#wire) return this.#wire;
    this.#awaySince = performance.now();
    const wire = openWire(this.#settings, {
      ready: () => {
        this.#awaySince = undefined;
        this.#silent = false;
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const start of waiting) start();
      },
      heard: () => {
        this.#silent = false;
      },
      lost: () => {
        if (this.#wire === wire && !wire.ready) this.#awaySince ??= performance.now();
      },
    });
    this.#wire = wire;
    this.#connect(wire);
    return wire;
  }

  #connect(wire: Wire): void {
    // A client tries for ever; a cluster's first look for its nodes is ours to repeat.
    wire.connect().catch(() => {
      setTimeout(() => {
        if (this.#wire === wire && !this.#closed) this.#connect(wire);
      }, movePauseMs).unref();
    });
  }

  /** The server became a replica: the name may lead to the new primary. */
  #move(): void {
    const now = performance.now();
    if (this.#settings.cluster || now - this.#movedAt < movePauseMs) return;
    this.#movedAt = now;
    this.#wire?.destroy();
    this.#wire = undefined;
  }

  async #close(): Promise<void> {
    const wire = this.#wire;
    if (!wire) return;
    const late = new Promise<void>((resolve) => void setTimeout(resolve, this.#settings.timeoutMs).unref());
    try {
      if (wire.ready) await Promise.race([wire.close(), late]);
    } finally {
      wire.destroy();
    }
  }
}

/** A script puts its own words around an error. */
const saysReply = (error: unknown, code: string): boolean => error instanceof Error && error.message.includes(code);

function unavailable(cause: unknown): ChatError {
  return new ChatError("store_unavailable", "The store could not be reached. Try again in a moment.", {
    cause,
    retryAfterMs: 1_000,
  });
}
