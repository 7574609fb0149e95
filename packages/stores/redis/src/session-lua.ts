import { forever } from "./script.ts";

/*
 * Of each owner: `sessions`, ids by updatedAt in milliseconds, and `counts`, its messages. Of each session: `s:<id>`, its fields and
 * counters, and `m:<id>`, its messages: by seq, and their seqs by `i<message id>`. A message is a head that the scripts read
 * (message-format.ts) and JSON that they do not.
 *
 * Where memory is full a script's first write fails: writes that need memory come first, so that nothing is done by half.
 */
export const owner = `
local s, m, z, o = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local base, sid, ttl, forever = ARGV[1], ARGV[2], tonumber(ARGV[3]), ${forever}
-- What this step changes in the sessions and messages of all owners.
local sessions, messages = 0, 0

-- One that is being answered stays, but not for more than a day.
local function expired(key)
  if ttl == forever then return false end
  local is = redis.call('HMGET', key, 'updated', 'streaming')
  return is[1] and is[1] + ttl + (is[2] == '0' and 0 or 86400000) <= now
end

local function remove(id)
  local key = base .. 's:' .. id
  local count = tonumber(redis.call('HGET', key, 'count')) or 0
  -- Deleting has to work where memory is full, counting does not.
  redis.pcall('HINCRBY', o, 'messages', 0 - count)
  redis.call('UNLINK', key, base .. 'm:' .. id)
  redis.call('ZREM', z, id)
  if redis.call('EXISTS', z) == 0 then redis.call('UNLINK', o) end
  sessions, messages = sessions - 1, messages - count
end

local function sweep(most)
  if ttl == forever then return end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', z, '-inf', now - ttl, 'LIMIT', 0, most)) do
    if expired(base .. 's:' .. id) then remove(id) end
  end
end
`;

export const found = `
local function found()
  return redis.call('EXISTS', s) == 1 and not expired(s)
end
`;

export const change = `
${found}
-- A time for a change made now: never before an earlier change, even when the clock was set back.
local function touch()
  local newest = tonumber(redis.call('ZREVRANGE', z, 0, 0, 'WITHSCORES')[2]) or 0
  local at = newest > now and newest + 1 or now
  redis.call('ZADD', z, at, sid)
  redis.call('HSET', s, 'updated', at)
  return at
end

local count, turns, streaming = 0, 0, 0
local function tally(message, by)
  local status = message:sub(1, 1)
  if status == 'x' then return end
  count = count + by
  if message:sub(2, 2) == 'u' then turns = turns + by end
  if status == 's' then streaming = streaming + by end
end

local function tallied()
  if count ~= 0 then
    redis.call('HINCRBY', o, 'messages', count)
    redis.call('HINCRBY', s, 'count', count)
    messages = messages + count
  end
  if turns ~= 0 then redis.call('HINCRBY', s, 'turns', turns) end
  if streaming ~= 0 then redis.call('HINCRBY', s, 'streaming', streaming) end
end
`;

export const make = `
-- Makes the session; ARGV[from] to ARGV[to] are its fields. False when the owner has as many as allowed.
local function make(most, from, to)
  sweep(10)
  if redis.call('EXISTS', s) == 1 then remove(sid) end
  local held = ttl == forever and redis.call('ZCARD', z) or redis.call('ZCOUNT', z, '(' .. (now - ttl), '+inf')
  if held >= most then return false end
  local at = touch()
  redis.call('HSET', s, 'created', at, 'next', 1, 'first', 1, 'count', 0, 'turns', 0, 'streaming', 0, 'input', 0, 'output', 0)
  for i = from, to, 2 do redis.call('HSET', s, ARGV[i], ARGV[i + 1]) end
  sessions = sessions + 1
  return true
end
`;

export const append = `
-- ARGV from \`from\` are pairs of id and message. Pairs of seq and what was stored already, '' for what is stored now.
local function append(from, most)
  local first, next = unpack(redis.call('HMGET', s, 'first', 'next'))
  first, next = tonumber(first), tonumber(next)
  local stored, before = {}, next
  for i = from, #ARGV, 2 do
    local field = 'i' .. ARGV[i]
    local seq = redis.call('HGET', m, field)
    if seq then
      stored[#stored + 1], stored[#stored + 2] = tonumber(seq), redis.call('HGET', m, seq)
    else
      redis.call('HSET', m, next, ARGV[i + 1], field, next)
      tally(ARGV[i + 1], 1)
      stored[#stored + 1], stored[#stored + 2] = next, ''
      next = next + 1
    end
  end
  if next == before then return stored, first, next end
  while next - first > most do
    local message = redis.call('HGET', m, first)
    tally(message, -1)
    redis.call('HDEL', m, first, 'i' .. message:match('^%S+ (%S*) '))
    first = first + 1
  end
  redis.call('HSET', s, 'first', first, 'next', next)
  tallied()
  touch()
  return stored, first, next
end
`;

/** Calls `visit` with seq and message, newest first, until it returns false. */
export const walk = `
local function walk(below, first, visit)
  local seq = below - 1
  while seq >= first do
    local seqs = {}
    for at = seq, math.max(first, seq - 15), -1 do seqs[#seqs + 1] = at end
    for at, message in ipairs(redis.call('HMGET', m, unpack(seqs))) do
      if message and visit(seqs[at], message) == false then return end
    end
    seq = seq - #seqs
  end
end
`;

export const window = `
local function window(below, first, last, left)
  local found = {}
  if last > 0 then
    walk(below, first, function(seq, message)
      local status, usable, length = message:match('^(.).(.)(%d+) ')
      if usable == '0' or (status ~= 'c' and status ~= 'i') then return true end
      left = left - length
      if left < 0 and #found > 0 then return false end
      found[#found + 1], found[#found + 2] = seq, message
      return #found < 2 * last
    end)
  end
  return found
end
`;
