import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { closed, isBusy, locked, toStoreError } from "./errors.ts";
import type { Settings } from "./options.ts";

/** At most so long may text that readers have seen wait for the disk. */
const flushMs = 1_000;

/**
 * The one connection of a storage. Calls run at once and never interleave; only where another process holds the lock do they wait,
 * without blocking the event loop; writes wait in line.
 */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #settings: Settings;
  readonly #statements = new Map<string, StatementSync>();
  readonly #onClose: (() => void)[] = [];
  /** The end of the line. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #open = true;
  #flushing: boolean | undefined;
  #flushedAt = -Infinity;
  #closed: Promise<void> | undefined;

  constructor(database: DatabaseSync, settings: Settings) {
    this.#database = database;
    this.#settings = settings;
  }

  /**
   * One transaction: all of `work` happens or nothing. On the disk when it returns if `flush`, else with whatever is flushed next.
   * The result itself where the lock was free, a promise of it where it was not.
   */
  write<T>(work: () => T, flush: boolean): T | Promise<T> {
    const attempt = () => {
      if (!this.#open) throw closed();
      const flushing = this.#setFlushing(flush);
      const result = this.#transact("BEGIN IMMEDIATE", work);
      if (flushing) this.#flushedAt = performance.now();
      return result;
    };
    return this.#waiting > 0 ? this.#waitInLine(attempt) : this.#run(attempt, () => this.#waitInLine(attempt));
  }

  /** Everything `work` reads is of one moment. */
  read<T>(work: () => T): T | Promise<T> {
    const attempt = () => {
      if (!this.#open) throw closed();
      return this.#transact("BEGIN", work);
    };
    return this.#run(attempt, () => retry(attempt, this.#deadline()));
  }

  get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...parameters) as Row | undefined;
  }

  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...parameters) as Row[];
  }

  /** Row by row, for who may stop early. */
  iterate<Row>(sql: string, ...parameters: SQLInputValue[]): Iterable<Row> {
    return this.#statement(sql).iterate(...parameters) as Iterable<Row>;
  }

  /** How many rows it changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...parameters).changes);
  }

  /** Called once, before the database closes. */
  onClose(callback: () => void): void {
    this.#onClose.push(callback);
  }

  /** Moves what the log beside the file holds into the file, and empties the log; not while another process reads there. */
  scrub(): void {
    try {
      this.get("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // It happens by itself later; nothing depends on when.
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const callback of this.#onClose) callback();
    await this.#last;
    this.scrub();
    this.#open = false;
    this.#database.close();
  }

  #run<T>(attempt: () => T, whenBusy: () => Promise<T>): T | Promise<T> {
    try {
      return attempt();
    } catch (error) {
      if (isBusy(error)) return whenBusy();
      throw toStoreError(error);
    }
  }

  #waitInLine<T>(attempt: () => T): Promise<T> {
    const deadline = this.#deadline();
    this.#waiting += 1;
    const result = this.#last.then(() => retry(attempt, deadline)).finally(() => (this.#waiting -= 1));
    this.#last = result.then(nothing, nothing);
    return result;
  }

  #deadline(): number {
    return performance.now() + this.#settings.timeoutMs;
  }

  #transact<T>(begin: string, work: () => T): T {
    this.run(begin);
    try {
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      try {
        this.run("ROLLBACK");
      } catch {
        // A full disk rolls back by itself; then there is nothing to roll back.
      }
      throw error;
    }
  }

  #setFlushing(asked: boolean): boolean {
    const late = performance.now() - this.#flushedAt >= flushMs;
    const flush = this.#settings.durability === "power" && (asked || late);
    // Takes effect when it is compiled, so a kept statement would do nothing.
    if (flush !== this.#flushing) this.#database.exec(`PRAGMA synchronous = ${flush ? "FULL" : "NORMAL"}`);
    this.#flushing = flush;
    return flush;
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

const nothing = () => {};

/** Tries until the deadline. Who waited in line beyond it does not try at all: each try may block this process for a moment. */
async function retry<T>(attempt: () => T, deadline: number): Promise<T> {
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw toStoreError(error);
      cause = error;
    }
    // Processes that wait for the same lock must not keep step.
    await sleep(5 + Math.random() * 20);
  }
  throw locked(cause);
}
