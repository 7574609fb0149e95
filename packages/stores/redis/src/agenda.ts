import type { Connection } from "./connection.ts";
import { shardCount, shardOf } from "./keys.ts";
import { finite, script } from "./script.ts";

// ARGV: member, in how many milliseconds, how to add: XX changes what is there only, CH adds it too.
const planScript = script(`return redis.call('ZADD', KEYS[1], ARGV[3], now + ARGV[2], ARGV[1])`);

// ARGV: member, in how many milliseconds. What ended meanwhile is looked at now already.
const soonerScript = script(`return redis.call('ZADD', KEYS[1], 'XX', 'LT', now + ARGV[2], ARGV[1])`);

// ARGV: member. It stays when it was planned anew meanwhile.
const doneScript = script(
  `
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if at and tonumber(at) <= now then redis.call('ZREM', KEYS[1], ARGV[1]) end`,
);

// ARGV: how many at most.
const dueScript = script(`return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])`);

/**
 * What is to be looked at when, over all owners. In a cluster this is on other nodes than what it speaks of, so it is no part of their
 * steps: an entry is made before there is something to look at, and says only that it is time to look.
 */
export class Agenda {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #name: string;

  constructor(connection: Connection, prefix: string, name: string) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#name = name;
  }

  async plan(tag: string, member: string, inMs: number, how: "XX" | "CH" = "CH"): Promise<void> {
    await this.#connection.run(planScript, [this.#key(shardOf(tag))], [member, finite(inMs), how]);
  }

  /** If it is planned, and for later. */
  async sooner(tag: string, member: string, inMs: number): Promise<void> {
    await this.#connection.run(soonerScript, [this.#key(shardOf(tag))], [member, finite(inMs)]);
  }

  async remove(tag: string, ...members: readonly string[]): Promise<void> {
    if (members.length > 0)
      await this.#connection.command(this.#key(shardOf(tag)), "ZREM", this.#key(shardOf(tag)), ...members);
  }

  /** It was looked at, and there was nothing. */
  async done(tag: string, member: string): Promise<void> {
    await this.#connection.run(doneScript, [this.#key(shardOf(tag))], [member]);
  }

  /** What is due: of each shard that can be reached at most so many, the longest due first. */
  async due(limit: number): Promise<string[]> {
    const shards = Array.from({ length: shardCount }, (_, shard) =>
      this.#connection.run<string[]>(dueScript, [this.#key(shard)], [limit]),
    );
    return reached(await Promise.allSettled(shards)).flat();
  }

  #key(shard: number): string {
    return `${this.#prefix}{${shard}}:${this.#name}`;
  }
}

/** What could be had, though a node of a cluster may be away; throws when nothing could. */
export function reached<T>(results: readonly PromiseSettledResult<T>[]): T[] {
  const values = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (failed && values.length === 0) throw failed.reason;
  return values;
}
