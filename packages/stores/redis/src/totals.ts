import type { StoreStats } from "@parlor/core";
import type { Connection } from "./connection.ts";
import { shardCount, shardOf } from "./keys.ts";
import { script } from "./script.ts";

// ARGV: sessions, messages.
const addScript = script(`
redis.call('HINCRBY', KEYS[1], 'sessions', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'messages', ARGV[2])`);

/** Sessions and messages of all owners. They follow the owners' own counts; what a crash leaves out in between stays out. */
export class Totals {
  readonly #connection: Connection;
  readonly #prefix: string;

  constructor(connection: Connection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  async add(tag: string, sessions: number, messages: number): Promise<void> {
    await this.#connection.run(addScript, [this.#key(shardOf(tag))], [sessions, messages], "once");
  }

  async read(): Promise<Pick<StoreStats, "sessions" | "messages">> {
    const shards = await Promise.all(
      Array.from({ length: shardCount }, (_, shard) =>
        this.#connection.command<(string | null)[]>(
          this.#key(shard),
          "HMGET",
          this.#key(shard),
          "sessions",
          "messages",
        ),
      ),
    );
    const sum = (field: number) =>
      Math.max(
        0,
        shards.reduce((total, shard) => total + Number(shard[field] ?? 0), 0),
      );
    return { sessions: sum(0), messages: sum(1) };
  }

  #key(shard: number): string {
    return `${this.#prefix}{${shard}}:totals`;
  }
}
