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
  readonly #statements = new Map<string, Prepared>();
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
    const { statement, order } = this.#prepare(sql);
    return statement.get(...inOrder(parameters, order)) as Row | undefined;
  }

  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    const { statement, order } = this.#prepare(sql);
    return statement.all(...inOrder(parameters, order)) as Row[];
  }

  /** Row by row, for who may stop early. */
  iterate<Row>(sql: string, ...parameters: SQLInputValue[]): Iterable<Row> {
    const { statement, order } = this.#prepare(sql);
    return statement.iterate(...inOrder(parameters, order)) as Iterable<Row>;
  }

  /** How many rows it changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    const { statement, order } = this.#prepare(sql);
    return Number(statement.run(...inOrder(parameters, order)).changes);
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

  #prepare(sql: string): Prepared {
    let prepared = this.#statements.get(sql);
    if (!prepared) {
      const order = Array.from(sql.matchAll(/\?(\d+)/g), ([, number]) => Number(number) - 1);
      prepared = { statement: this.#database.prepare(sql.replaceAll(/\?\d+/g, "?")), order };
      this.#statements.set(sql, prepared);
    }
    return prepared;
  }
}

/** Node 22.13 binds `?` by position, but not `?1`: `order` says which parameter each of them is. */
interface Prepared {
  readonly statement: StatementSync;
  readonly order: readonly number[];
}

const inOrder = (parameters: readonly SQLInputValue[], order: readonly number[]): SQLInputValue[] =>
  order.map((index) => parameters[index] as SQLInputValue);

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
    // Often, since a busy process lets go only for moments; at random, since processes that wait must not keep step.
    await sleep(1 + Math.random() * 4);
  }
  throw locked(cause);
}
