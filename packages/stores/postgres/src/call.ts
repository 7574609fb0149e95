import type { Pool, PoolClient } from "pg";
import { isStatementError } from "./errors.ts";

/** One call of the store: it has a deadline, and what it holds then is given up with its connection. */
export class Call {
  readonly #pool: Pool;
  #client: PoolClient | undefined;
  #over = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Whether its deadline has passed. */
  get over(): boolean {
    return this.#over;
  }

  /** Runs `work`, which rejects as soon as `ms` have passed, whatever hangs. */
  static within<T>(pool: Pool, ms: number, work: (call: Call) => Promise<T>): Promise<T> {
    const call = new Call(pool);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        call.#over = true;
        call.#release(true);
        reject(new Error(`no answer within ${ms} ms`));
      }, ms);
      work(call)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
  }

  /** Runs `work` on a connection of its own; a connection that failed is not used again. */
  async use<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    if (this.#over) {
      client.release();
      throw new Error("the connection came too late");
    }
    this.#client = client;
    let broken = true;
    try {
      const result = await work(client);
      broken = false;
      return result;
    } catch (error) {
      broken = !isStatementError(error);
      throw error;
    } finally {
      this.#release(broken);
    }
  }

  #release(broken: boolean): void {
    this.#client?.release(broken);
    this.#client = undefined;
  }
}
