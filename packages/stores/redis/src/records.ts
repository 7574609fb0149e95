import type { RecordStore } from "@parlor/core";
import type { Connection, Repeat } from "./connection.ts";
import { encode } from "./keys.ts";
import { RedisPart } from "./part.ts";
import { finite, forever, script, type Script } from "./script.ts";

/*
 * Of each kind: `values`, JSON by id after when it ends, `ids` in order, and `ends`, ids by when they end. What has ended is not
 * there for anybody; writes remove some of it.
 */
const kind = `
local values, ids, ends, id = KEYS[1], KEYS[2], KEYS[3], ARGV[1]

local function get(name)
  local stored = redis.call('HGET', values, name)
  local at = stored and stored:find(' ', 1, true)
  if at and tonumber(stored:sub(1, at - 1)) > now then return stored:sub(at + 1) end
  return false
end

local function remove(name)
  redis.call('HDEL', values, name)
  redis.call('ZREM', ids, name)
  redis.call('ZREM', ends, name)
end

local function put(value, ttl)
  local ending = ttl < ${forever} and now + ttl or ${forever}
  redis.call('HSET', values, id, string.format('%.0f', ending) .. ' ' .. value)
  redis.call('ZADD', ids, 0, id)
  if ttl < ${forever} then redis.call('ZADD', ends, ending, id) else redis.call('ZREM', ends, id) end
  for _, ended in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 10)) do remove(ended) end
end
`;

const getScript = script(kind, "return get(id)");

// ARGV: id, value, time to live.
const putScript = script(kind, "put(ARGV[2], tonumber(ARGV[3]))");

const putIfAbsentScript = script(
  kind,
  `
if get(id) then return 0 end
put(ARGV[2], tonumber(ARGV[3]))
return 1`,
);

const deleteScript = script(
  kind,
  `
local there = get(id)
remove(id)
return there and 1 or 0`,
);

// ARGV: where to begin, limit.
const listScript = script(
  kind,
  `
local limit, from, shown = tonumber(ARGV[2]), ARGV[1], {}
while #shown < 2 * limit do
  local names = redis.call('ZRANGEBYLEX', ids, from, '+', 'LIMIT', 0, limit - #shown / 2)
  if #names == 0 then break end
  for _, name in ipairs(names) do
    local value = get(name)
    if value then shown[#shown + 1], shown[#shown + 2] = name, value end
    from = '(' .. name
  end
end
return shown`,
);

export class RedisRecords extends RedisPart implements RecordStore {
  readonly #prefix: string;

  constructor(connection: Connection, prefix: string) {
    super(connection);
    this.#prefix = prefix;
  }

  async get(kind: string, id: string): Promise<string | undefined> {
    const value = await this.#run<string | null>(getScript, kind, [id]);
    return value === null ? undefined : (JSON.parse(value) as string);
  }

  async putIfAbsent(kind: string, id: string, value: string, ttlMs = Infinity): Promise<boolean> {
    return (await this.#run<number>(putIfAbsentScript, kind, [id, JSON.stringify(value), finite(ttlMs)], "once")) === 1;
  }

  async put(kind: string, id: string, value: string, ttlMs = Infinity): Promise<void> {
    await this.#run(putScript, kind, [id, JSON.stringify(value), finite(ttlMs)]);
  }

  async delete(kind: string, id: string): Promise<boolean> {
    return (await this.#run<number>(deleteScript, kind, [id], "once")) === 1;
  }

  async list(
    kind: string,
    { limit, after }: { readonly limit: number; readonly after?: string },
  ): Promise<readonly { readonly id: string; readonly value: string }[]> {
    const from = after === undefined ? "-" : `(${after}`;
    const pairs = await this.#run<string[]>(listScript, kind, [from, limit]);
    const records: { id: string; value: string }[] = [];
    for (let at = 0; at < pairs.length; at += 2)
      records.push({ id: pairs[at] ?? "", value: JSON.parse(pairs[at + 1] ?? '""') as string });
    return records;
  }

  #run<T>(script: Script, kind: string, args: readonly (string | number)[], repeat?: Repeat): Promise<T> {
    // The values stand under the kind's own name, so that who administers the server finds them; the braces keep all in one slot.
    const values = this.#prefix + encode(kind).replaceAll("%3A", ":");
    const beside = `${this.#prefix}{${values}}:`;
    return this.connection.run(script, [values, `${beside}ids`, `${beside}ends`], args, repeat);
  }
}
