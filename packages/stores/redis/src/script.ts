import { createHash } from "node:crypto";

/** A Lua script: what it does is one step for everybody else. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** Longer than anything: Lua is told this instead of Infinity. */
export const forever = 9e15;

export const finite = (value: number): number => Math.min(value, forever);

export function script(...parts: readonly string[]): Script {
  const source = parts.join("\n");
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/** The server's clock: `now` in milliseconds since 1970. */
export const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;
