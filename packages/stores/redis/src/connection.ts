import { ErrorReply } from "@redis/client";
import { ChatError } from "@parlor/core";
import { type Deadline, Deadlines } from "./deadlines.ts";
import type { Settings } from "./options.ts";
import type { Script } from "./script.ts";
import { openWire, type Wire } from "./wire.ts";

/** After a failover the old primary goes on answering as a replica; looking for the new one again and again helps nobody. */
const movePauseMs = 1_000;
const retryMs = 10;

/** Whether work whose outcome is unknown may be done again. */
export type Repeat = "again" | "once";

/** Stands in a script's arguments for whether it may have run already: 0 or 1. */
export const again: unique symbol = Symbol("again");

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
  #lostBy: unknown;
  /** A call was not answered in time, and nothing was heard since. */
  #silent = false;
  /** The server's clock in milliseconds less ours; undefined: it has to tell us. */
  #serverAhead: number | undefined;
  #movedAt = -Infinity;
  #savesToDisk = false;
  #closed: Promise<void> | undefined;

  /** Whether the server says that it keeps an append-only file; false until it has said so. */
  get savesToDisk(): boolean {
    return this.#savesToDisk;
  }

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#deadlines = new Deadlines(settings.timeoutMs);
  }

  /**
   * One script, one step. All keys are of one owner, or there is only one. Sent again when the connection breaks, unless `repeat` is
   * "once": then doing it twice is not what doing it once is. A repeated script is told so by `again` among its arguments.
   */
  async run<T>(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number | typeof again)[],
    repeat?: Repeat,
  ): Promise<T> {
    const [key = ""] = keys;
    return this.call(async (wire, deadline, attempt) => {
      const values = args.map((arg) => String(arg === again ? Math.min(attempt, 1) : arg));
      for (let known = true; ;) {
        const until = this.#serverAhead === undefined ? 0 : Math.floor(deadline.at + this.#serverAhead);
        const rest = [String(keys.length), ...keys, String(until), ...values];
        try {
          return (await wire.send(
            key,
            known ? ["EVALSHA", script.sha, ...rest] : ["EVAL", script.source, ...rest],
          )) as T;
        } catch (error) {
          if (deadline.over) throw error;
          const late = /^LATE (\d+)/.exec(messageOf(error));
          // Its clock is not what we took it for.
          if (late) this.#serverAhead = Number(late[1]) - performance.now();
          // The script is new to this server, or the server was restarted.
          else if (known && messageOf(error).startsWith("NOSCRIPT")) known = false;
          else throw error;
        }
      }
    }, repeat);
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

  /** Any work on the client, in time. */
  call<T>(work: (wire: Wire, deadline: Deadline, attempt: number) => Promise<T>, repeat: Repeat = "again"): Promise<T> {
    if (this.#closed) return Promise.reject(unavailable("closed"));
    const wire = this.#open();
    if (this.#silent || (this.#awaySince ?? Infinity) < performance.now() - this.#settings.timeoutMs)
      return Promise.reject(unavailable(this.#lostBy ?? "no answer"));
    return new Promise((resolve, reject) => {
      const deadline = this.#deadlines.add(() => {
        // Of a cluster only one node may be.
        this.#silent = wire.ready && !this.#settings.cluster;
        reject(unavailable(wire.ready ? "no answer in time" : this.#lostBy));
      });
      const start = (attempt: number) => {
        if (deadline.over) return;
        const current = this.#open();
        if (!current.ready) return void this.#waiting.push(() => start(attempt));
        work(current, deadline, attempt).then(
          (reply) => {
            deadline.over = true;
            this.#silent = false;
            resolve(reply);
          },
          (error: unknown) => {
            const answered = error instanceof ErrorReply;
            if (answered) this.#silent = false;
            // A script puts its own words around an error.
            if (answered && error.message.includes("READONLY")) this.#move();
            if (!answered && repeat === "again" && !this.#closed)
              return void setTimeout(start, retryMs * 2 ** attempt, attempt + 1);
            deadline.over = true;
            reject(unavailable(error));
          },
        );
      };
      start(0);
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
        this.#awaySince = this.#lostBy = undefined;
        this.#silent = false;
        this.#serverAhead = undefined;
        // The first thing it is asked, so whoever had any other answer knows.
        void wire.send("", ["INFO", "persistence"]).then(
          (info) => (this.#savesToDisk = String(info).includes("aof_enabled:1")),
          () => (this.#savesToDisk = false),
        );
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const start of waiting) start();
      },
      heard: () => {
        this.#silent = false;
      },
      lost: (error) => {
        if (this.#wire !== wire || wire.ready) return;
        this.#awaySince ??= performance.now();
        this.#lostBy = error;
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

const messageOf = (error: unknown): string => (error instanceof ErrorReply ? error.message : "");

function unavailable(cause: unknown): ChatError {
  return new ChatError("store_unavailable", "The store could not be reached. Try again in a moment.", {
    cause,
    retryAfterMs: 1_000,
  });
}
