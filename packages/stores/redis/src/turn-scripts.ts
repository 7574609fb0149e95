import { script } from "./script.ts";

/*
 * Of each turn: `t:<session>:<turn>`, its record and who may write it, and `l:<session>:<turn>`, its log: a stream with an entry per
 * batch, whose id is the offset of its last event and how many they are. Of each session: `live:<session>`, the turn that has not
 * settled, and `turns:<session>`, its turns by when they go. Of each owner: `turning`, its sessions that have turns, by when the
 * last of those goes; `i:<kind>:<key>`, idempotency keys; `sealed`, while all of it is being erased. All go by themselves; `turns` and
 * `turning` are there to forget them sooner.
 *
 * What belongs together expires at the same millisecond, so nobody sees half of it.
 */
const common = `
local micros = time[1] * 1000000 + time[2]

local function number(value)
  return string.format('%.0f', value)
end

-- What is left of a writer's lease: never more than it was given for, should the clock have been set back since.
local function leaseLeft(key, lease, given)
  local left = lease - now
  if left <= tonumber(given) then return left end
  redis.call('HSET', key, 'lease', now + given)
  return tonumber(given)
end
`;

/** KEYS[1] is the turn: \`epoch\` of ARGV[1] may write it. */
const writable = `
local function writable()
  local is = redis.call('HMGET', KEYS[1], 'epoch', 'outcome')
  return is[1] == ARGV[1] and not is[2]
end
`;

const goesWithLast = `
-- An index goes when the last of what it lists goes.
local function goesWithLast(key)
  local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
  if last == 'inf' then redis.call('PERSIST', key) elseif last then redis.call('PEXPIREAT', key, last) end
end
`;

const freeKey = `
-- Its idempotency key may have run out and be another turn's.
local function freeKey(turnKey, session, turn)
  local key = redis.call('HGET', turnKey, 'key')
  local held = key and redis.call('HMGET', key, 'session', 'turn')
  if held and held[1] == session and held[2] == turn then redis.call('DEL', key) end
end
`;

// KEYS: the turn, live, turns, turning, the idempotency key if there is one.
// ARGV: base, session, turn, record, lease, how long the idempotency key is kept, hash of the body.
export const claim = script(
  common,
  `
local base, session, turn = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', base .. 'sealed') == 1 then return { 'erasing' } end
local key = KEYS[5]
local held = key and redis.call('HMGET', key, 'body', 'session', 'turn')
if held and held[1] and not (held[2] == session and held[3] == turn) then
  if held[1] ~= ARGV[7] then return { 'mismatch' } end
  return { 'repeat', held[2], held[3], unpack(redis.call('HMGET', base .. 't:' .. held[2] .. ':' .. held[3], 'record', 'outcome')) }
end
local live = redis.call('GET', KEYS[2])
-- The answer to this very claim was lost: it is won still.
if live == turn then
  local own = redis.call('HMGET', KEYS[1], 'epoch', 'claimed', 'outcome')
  if own[1] and own[1] == own[2] and not own[3] then return { 'won', tonumber(own[1]) } end
end
if live then
  local other = base .. 't:' .. session .. ':' .. live
  local is = redis.call('HMGET', other, 'record', 'outcome', 'lease', 'given')
  local left = is[1] and not is[2] and leaseLeft(other, is[3], is[4]) or 0
  if is[1] and left <= 0 then return { 'unsettled', session, live, is[1], is[2] } end
  if is[1] then return { 'busy', session, live, is[1], is[2], left } end
end
redis.call('HSET', KEYS[1], 'record', ARGV[4], 'epoch', number(micros), 'lease', now + ARGV[5], 'given', ARGV[5], 'claimed', number(micros), 'last', 0)
redis.call('SET', KEYS[2], turn)
for index, member in pairs({ [KEYS[3]] = turn, [KEYS[4]] = session }) do
  redis.call('ZADD', index, '+inf', member)
  redis.call('PERSIST', index)
  local gone = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, 100)
  if #gone > 0 then redis.call('ZREM', index, unpack(gone)) end
end
if key then
  redis.call('HSET', key, 'body', ARGV[7], 'session', session, 'turn', turn)
  redis.call('PEXPIREAT', key, now + ARGV[6])
  redis.call('HSET', KEYS[1], 'key', key, 'keyUntil', now + ARGV[6])
end
return { 'won', micros }`,
);

// KEYS: the turn, its log, live, turns, turning. ARGV: epoch, turn, session.
export const release = script(
  writable,
  freeKey,
  goesWithLast,
  `
if not writable() then return 0 end
freeKey(KEYS[1], ARGV[3], ARGV[2])
redis.call('DEL', KEYS[1], KEYS[2])
if redis.call('GET', KEYS[3]) == ARGV[2] then redis.call('DEL', KEYS[3]) end
redis.call('ZREM', KEYS[4], ARGV[2])
local last = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2]
if last then redis.call('ZADD', KEYS[5], last, ARGV[3]) else redis.call('ZREM', KEYS[5], ARGV[3]) end
goesWithLast(KEYS[4])
goesWithLast(KEYS[5])
return 1`,
);

// KEYS: the turn, its log. ARGV: epoch, offset of the first event, events. The last offset there is, or -1: stale.
export const append = script(
  writable,
  `
if not writable() then return -1 end
local last = tonumber(redis.call('HGET', KEYS[1], 'last'))
local first, events = tonumber(ARGV[2]), #ARGV - 2
if events == 0 then return last end
if first > last + 1 then return -1 end
local known = last + 1 - first
if known >= events then return last end
local fresh = events - known
last = last + fresh
redis.call('XADD', KEYS[2], last .. '-' .. fresh, 'e', '[' .. table.concat(ARGV, ',', 3 + known) .. ']')
redis.call('HSET', KEYS[1], 'last', last)
return last`,
);

// KEYS: the turn. ARGV: epoch, lease. Whether to stop, whether somebody reads, and whether the lease was longer before.
export const renew = script(
  common,
  writable,
  `
if not writable() then return false end
local is = redis.call('HMGET', KEYS[1], 'stop', 'attended', 'lease')
redis.call('HSET', KEYS[1], 'lease', now + ARGV[2], 'given', ARGV[2])
return { is[1] and 1 or 0, is[2] and tonumber(is[2]) > now and 1 or 0, now + ARGV[2] < tonumber(is[3]) and 1 or 0 }`,
);

// KEYS: the turn. ARGV: lease.
export const adopt = script(
  common,
  `
local is = redis.call('HMGET', KEYS[1], 'epoch', 'outcome', 'lease', 'given')
if not is[1] or is[2] or leaseLeft(KEYS[1], is[3], is[4]) > 0 then return false end
local epoch = math.max(micros, is[1] + 1)
redis.call('HSET', KEYS[1], 'epoch', number(epoch), 'lease', now + ARGV[1], 'given', ARGV[1])
return epoch`,
);

// KEYS: the turn. ARGV: for how long.
export const attend = script(
  `
local attended = redis.call('EXISTS', KEYS[1]) == 1 and (redis.call('HGET', KEYS[1], 'attended') or 0)
if attended and now + ARGV[1] > tonumber(attended) then redis.call('HSET', KEYS[1], 'attended', now + ARGV[1]) end`,
);

const liveTurn = `
local turn = redis.call('GET', KEYS[1])
local key = turn and ARGV[1] .. 't:' .. ARGV[2] .. ':' .. turn
local is = key and redis.call('HMGET', key, 'record', 'outcome')
`;

// KEYS: live. ARGV: base, session.
export const stop = script(
  liveTurn,
  `
if not is or not is[1] or is[2] then return false end
redis.call('HSET', key, 'stop', 1)
return { turn, is[1], is[2] }`,
);

// KEYS: live. ARGV: base, session.
export const live = script(liveTurn, `return is and is[1] and { turn, is[1], is[2] }`);

// KEYS: the turn, its log. ARGV: after, limit. Whether it ended, and per batch the offset of its last event and the events.
export const read = script(
  `
local is = redis.call('HMGET', KEYS[1], 'record', 'outcome', 'logUntil')
if not is[1] or (is[3] and tonumber(is[3]) <= now) then return false end
local batches, left, from = {}, tonumber(ARGV[2]), ARGV[1] + 1
while left > 0 do
  local entries = redis.call('XRANGE', KEYS[2], string.format('%d-0', from), '+', 'COUNT', math.min(left, 64))
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    if left <= 0 then break end
    local last, count = entry[1]:match('^(%d+)-(%d+)$')
    batches[#batches + 1], batches[#batches + 2] = tonumber(last), entry[2][2]
    left = left - math.min(count, last - from + 1)
    from = last + 1
  end
end
return { is[2] and 1 or 0, batches }`,
);

// KEYS: the turn, its log. ARGV: epoch, outcome, whether it may have run already.
export const finish = script(
  writable,
  `
if not writable() then
  local is = redis.call('HMGET', KEYS[1], 'epoch', 'outcome')
  return ARGV[3] == '1' and is[1] == ARGV[1] and is[2] == ARGV[2] and 1 or 0
end
local last = redis.call('HGET', KEYS[1], 'last') + 1
local event = '{"type":"end","offset":' .. last .. ',' .. ARGV[2]:sub(2)
redis.call('XADD', KEYS[2], last .. '-1', 'e', '[' .. event .. ']')
redis.call('HSET', KEYS[1], 'outcome', ARGV[2], 'ended', now, 'last', last)
return 1`,
);

// KEYS: the turn, its log, live, turns, turning. ARGV: turn, session, how long logs are kept.
export const settled = script(
  goesWithLast,
  `
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
local is = redis.call('HMGET', KEYS[1], 'outcome', 'ended', 'keyUntil')
if not is[1] then return 0 end
local logUntil = is[2] + ARGV[3]
local goes = math.max(logUntil, is[3] or 0)
redis.call('HSET', KEYS[1], 'logUntil', logUntil)
redis.call('ZADD', KEYS[4], goes, ARGV[1])
-- The session's other turns may go later: one that was claimed with a key before this one.
redis.call('ZADD', KEYS[5], redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2], ARGV[2])
goesWithLast(KEYS[4])
goesWithLast(KEYS[5])
redis.call('PEXPIREAT', KEYS[2], logUntil)
redis.call('PEXPIREAT', KEYS[1], goes)
redis.call('DEL', KEYS[3])
return 1`,
);

// KEYS: the turn. Its record when it waits for folding, and when it was claimed; else how long its writer's lease lasts, or nothing.
export const look = script(
  common,
  `
local is = redis.call('HMGET', KEYS[1], 'record', 'outcome', 'lease', 'claimed', 'logUntil', 'given')
if not is[1] or is[5] then return false end
local left = is[2] and 0 or leaseLeft(KEYS[1], is[3], is[6])
if left <= 0 then return { is[1], is[2], is[4] } end
return left`,
);

const forgetSession = `
${freeKey}
local base = ARGV[1]
-- Its turn that has not settled is returned.
local function forget(session)
  local turns, live = base .. 'turns:' .. session, base .. 'live:' .. session
  local running = redis.call('GET', live)
  for _, turn in ipairs(redis.call('ZRANGE', turns, 0, -1)) do
    local name = session .. ':' .. turn
    freeKey(base .. 't:' .. name, session, turn)
    redis.call('UNLINK', base .. 't:' .. name, base .. 'l:' .. name)
  end
  redis.call('UNLINK', turns, live)
  redis.call('ZREM', base .. 'turning', session)
  return running
end
`;

// KEYS: turning. ARGV: base, session.
export const forget = script(forgetSession, "return { ARGV[2], forget(ARGV[2]) or '' }");

// KEYS: turning. ARGV: base, for how long. Session, turn, record and outcome of each turn that has not settled.
export const seal = script(
  `
redis.call('SET', ARGV[1] .. 'sealed', 1, 'PX', ARGV[2])
local running = {}
for _, session in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '+inf', '+inf')) do
  local turn = redis.call('GET', ARGV[1] .. 'live:' .. session)
  local is = turn and redis.call('HMGET', ARGV[1] .. 't:' .. session .. ':' .. turn, 'record', 'outcome')
  if is and is[1] then running[#running + 1] = { session, turn, is[1], is[2] } end
end
return running`,
);

// KEYS: turning. ARGV: base, how many sessions at most. Pairs of session and running turn; with the last of them the seal is lifted.
export const forgetOwner = script(
  forgetSession,
  `
local forgotten = {}
for _, session in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1)) do
  forgotten[#forgotten + 1], forgotten[#forgotten + 2] = session, forget(session) or ''
end
if #forgotten < 2 * ARGV[2] then redis.call('DEL', ARGV[1] .. 'sealed') end
return forgotten`,
);
