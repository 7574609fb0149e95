import { script } from "./script.ts";
import { append, change, found, make, owner, walk, window } from "./session-lua.ts";

// ARGV: base, id, ttl, most sessions, most messages, window's last, characters and before (0: none), how many fields, fields, messages.
export const open = script(
  owner,
  change,
  make,
  append,
  walk,
  window,
  `
local fields = 9 + 2 * ARGV[9]
local created = not found()
if created and not make(tonumber(ARGV[4]), 10, fields) then return { 'full' } end
local stored, first, next = append(fields + 1, tonumber(ARGV[5]))
local below, before = stored[1] or next, tonumber(ARGV[8])
if before > 0 then below = math.min(below, before) end
local past = window(below, first, tonumber(ARGV[6]), tonumber(ARGV[7]))
return { created and 'created' or 'found', redis.call('HGETALL', s), stored, past, sessions, messages }`,
);

// ARGV: base, id, ttl, most messages, messages.
export const appendTo = script(
  owner,
  change,
  append,
  `
if not found() then return false end
append(5, tonumber(ARGV[4]))
return { redis.call('HGETALL', s), sessions, messages }`,
);

// ARGV: base, id, ttl, most sessions, fields.
export const create = script(
  owner,
  change,
  make,
  `
if found() then return { 'exists' } end
if not make(tonumber(ARGV[4]), 5, #ARGV) then return { 'full' } end
return { 'created', redis.call('HGETALL', s), sessions, messages }`,
);

// ARGV: base, id, ttl, fields.
export const update = script(
  owner,
  change,
  `
if not found() then return false end
for i = 4, #ARGV, 2 do redis.call('HSET', s, ARGV[i], ARGV[i + 1]) end
touch()
return redis.call('HGETALL', s)`,
);

// ARGV: base, id, ttl, message id, turn as in its head, message, input and output tokens, superseded from and to, whether it
// may have run already.
export const settle = script(
  owner,
  change,
  `
local seq = found() and redis.call('HGET', m, 'i' .. ARGV[4])
if not seq then return false end
local old = redis.call('HGET', m, seq)
if ARGV[11] == '1' and old == ARGV[6] then return { 0, 0 } end
if old:sub(1, 1) ~= 's' or old:match('^%S+ %S* (%S+) ') ~= ARGV[5] then return false end
redis.call('HSET', m, seq, ARGV[6])
tally(old, -1)
tally(ARGV[6], 1)
local first, next, input, output = unpack(redis.call('HMGET', s, 'first', 'next', 'input', 'output'))
for at = math.max(ARGV[9], first), math.min(ARGV[10], next - 1) do
  local message = at ~= tonumber(seq) and redis.call('HGET', m, at)
  if message and message:sub(1, 1) ~= 'x' then
    redis.call('HSET', m, at, 'x' .. message:sub(2))
    tally(message, -1)
  end
end
redis.call('HSET', s, 'input', input + ARGV[7], 'output', output + ARGV[8])
tallied()
touch()
return { sessions, messages }`,
);

// ARGV: base, id, ttl.
export const clear = script(
  owner,
  change,
  `
if not found() then return false end
local next, held = unpack(redis.call('HMGET', s, 'next', 'count'))
redis.call('HINCRBY', o, 'messages', 0 - held)
redis.call('HSET', s, 'first', next, 'count', 0, 'turns', 0, 'streaming', 0)
touch()
redis.call('UNLINK', m)
return { sessions, -held }`,
);

// ARGV: base, id, ttl.
export const get = script(owner, found, "return found() and redis.call('HGETALL', s)");

// ARGV: base, id, ttl, message id.
export const message = script(
  owner,
  found,
  `
local seq = found() and redis.call('HGET', m, 'i' .. ARGV[4])
return seq and { tonumber(seq), redis.call('HGET', m, seq) }`,
);

// ARGV: base, id, ttl, limit, before, whether superseded ones too.
export const page = script(
  owner,
  found,
  walk,
  `
if not found() then return false end
local first, next = unpack(redis.call('HMGET', s, 'first', 'next'))
local limit, shown = tonumber(ARGV[4]), {}
if limit > 0 then
  walk(math.min(ARGV[5], next), tonumber(first), function(seq, message)
    if ARGV[6] == '0' and message:sub(1, 1) == 'x' then return true end
    shown[#shown + 1], shown[#shown + 2] = seq, message
    return #shown < 2 * limit
  end)
end
return shown`,
);

// ARGV: base, id, ttl.
export const remove = script(
  owner,
  `
if redis.call('EXISTS', s) == 0 then return false end
local there = not expired(s)
remove(sid)
return { sessions, messages, there and 1 or 0 }`,
);
