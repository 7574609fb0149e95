import { createHash } from "node:crypto";

/** A Lua script: what it does is one step for everybody else. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * What every script begins with: `time` as the server tells it, `now` in milliseconds since 1970, and that nothing is done for who has
 * given up. A frozen server has all that it was asked before it, and a caller who was told of a failure may have tried again.
 */
const prelude = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return redis.error_reply('LATE ' .. string.format('%.0f', now)) end
local given, ARGV = ARGV, {}
for at = 2, #given do ARGV[at - 1] = given[at] end
`;

/** Longer than anything: Lua is told this instead of Infinity. */
export const forever = 9e15;

export const finite = (value: number): number => Math.min(value, forever);

export function script(...parts: readonly string[]): Script {
  const source = [prelude, ...parts].join("\n");
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}
