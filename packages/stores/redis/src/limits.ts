import type { Decision, LimitReceipt, LimitRule, LimitStore } from "@parlor/core";
import type { Connection } from "./connection.ts";
import { RedisPart } from "./part.ts";
import { finite, script } from "./script.ts";

// ARGV: cost, limit, length of the window. Whether it fits, what is used, when the window ends, and which window it is.
const consumeScript = script(
  `
local is, left = redis.call('HMGET', KEYS[1], 'used', 'name'), redis.call('PTTL', KEYS[1])
local used, name = tonumber(is[1]) or 0, is[2]
-- The clock was set back: it would last longer than a window does.
if left > tonumber(ARGV[3]) then used, name = 0, false end
local fits = used + ARGV[1] <= tonumber(ARGV[2])
if fits then
  used = used + ARGV[1]
  redis.call('HSET', KEYS[1], 'used', used)
  if not name then
    name = time[1] .. '.' .. time[2]
    redis.call('HSET', KEYS[1], 'name', name)
    redis.call('PEXPIREAT', KEYS[1], now + ARGV[3])
    left = tonumber(ARGV[3])
  end
end
return { fits and 1 or 0, tostring(used), name and left or tonumber(ARGV[3]), name }`,
);

// ARGV: window, difference.
const settleScript = script(`
if redis.call('HGET', KEYS[1], 'name') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'used', math.max(0, redis.call('HGET', KEYS[1], 'used') + ARGV[2]))
end`);

// ARGV: holder, how many there are, for how long.
const acquireScript = script(
  `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local free = redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2])
if not free and not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2])
return 1`,
);

/** Each window and each set of places is one key that goes by itself. */
export class RedisLimits extends RedisPart implements LimitStore {
  readonly #prefix: string;

  constructor(connection: Connection, prefix: string) {
    super(connection);
    this.#prefix = prefix;
  }

  async consume(key: string, cost: number, { limit, windowMs }: LimitRule): Promise<Decision> {
    const [fits, used, resetMs, name] = await this.connection.run<[number, string, number, string]>(
      consumeScript,
      [this.#window(windowMs, key)],
      [cost, finite(limit), finite(windowMs)],
      "once",
    );
    const decision = { limit, remaining: Math.max(0, limit - Number(used)), resetMs: Math.max(1, resetMs) };
    if (fits === 0) return { allowed: false, ...decision };
    return { allowed: true, ...decision, receipt: { key, cost, window: `${windowMs}:${name}` } };
  }

  async settle({ key, cost, window }: LimitReceipt, actual: number): Promise<void> {
    const [windowMs, name = ""] = window.split(":");
    await this.connection.run(settleScript, [this.#window(Number(windowMs), key)], [name, actual - cost], "once");
  }

  async acquire(key: string, holder: string, max: number, ttlMs: number): Promise<boolean> {
    const args = [holder, finite(max), finite(ttlMs)];
    return (await this.connection.run<number>(acquireScript, [this.#places(key)], args)) === 1;
  }

  async release(key: string, holder: string): Promise<void> {
    await this.connection.command(this.#places(key), "ZREM", this.#places(key), holder);
  }

  #window(ms: number, key: string): string {
    return `${this.#prefix}w:${ms}:${key}`;
  }

  #places(key: string): string {
    return `${this.#prefix}p:${key}`;
  }
}
