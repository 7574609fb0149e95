import { script } from "./script.ts";
import { owner } from "./session-lua.ts";

const order = `
-- By bytes, as Redis orders members of one score; Lua's own < follows the server's locale.
local function before(a, b)
  for at = 1, math.min(#a, #b) do
    local x, y = a:byte(at), b:byte(at)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- How many sessions, newest first, stand before or at this place; found by halving, so whoever stood there may have moved.
local function placesBefore(at, id)
  local low = redis.call('ZCOUNT', z, '(' .. at, '+inf')
  local high = low + redis.call('ZCOUNT', z, at, at)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if before(redis.call('ZREVRANGE', z, middle, middle)[1], id) then high = middle else low = middle + 1 end
  end
  return low
end
`;

// ARGV: base, '', ttl, limit, offset, the cursor's time ('': from the newest) and id.
export const list = script(
  owner,
  order,
  `
local start = tonumber(ARGV[5])
if ARGV[6] ~= '' then start = start + placesBefore(ARGV[6], ARGV[7]) end
local limit, shown = tonumber(ARGV[4]), {}
for at, id in ipairs(redis.call('ZREVRANGE', z, start, start + limit)) do
  local key = base .. 's:' .. id
  -- What is over is older than all but those that are being answered.
  if not expired(key) then
    if at > limit then return { shown, 1 } end
    shown[#shown + 1], shown[#shown + 2] = id, redis.call('HGETALL', key)
  end
end
return { shown, 0 }`,
);

// ARGV: base, '', ttl, how many at most.
export const removeOwner = script(
  owner,
  `
for _, id in ipairs(redis.call('ZRANGE', z, 0, ARGV[4] - 1)) do remove(id) end
return { sessions, messages, redis.call('EXISTS', z) }`,
);

// ARGV: base, '', ttl.
export const ownerStats = script(
  owner,
  `
sweep(100)
return { sessions, messages, redis.call('ZCARD', z), tonumber(redis.call('HGET', o, 'messages')) or 0 }`,
);

// ARGV: base, '', ttl, how many at most. Also in how many milliseconds the next one expires; -1 when there is none.
export const sweepOwner = script(
  owner,
  `
sweep(tonumber(ARGV[4]))
local oldest = redis.call('ZRANGE', z, 0, 0, 'WITHSCORES')[2]
return { sessions, messages, oldest and math.max(0, oldest + ttl - now) or -1 }`,
);
