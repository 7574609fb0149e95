import { type ChatEngine, LimitsWithStandIn, type Quota, takeRequest } from "@parlor/core";
import type { Group, Limits, Logger } from "../options.ts";

const none: readonly Quota[] = [];

/** Counts a request to a route of `group`. Throws `rate_limited`. */
export type RequestLimits = (group: Group, key: string) => readonly Quota[] | Promise<readonly Quota[]>;

/** Rules for all requests together and for those of a group, decided by the limit store of all nodes. */
export function createRequestLimits(
  { storage, clock }: Pick<ChatEngine, "storage" | "clock">,
  { requests = [], groups = {} }: Pick<Limits, "requests" | "groups">,
  logger: Logger | undefined,
): RequestLimits {
  const store = new LimitsWithStandIn(storage.limits, clock, (error) =>
    logger?.error({ during: "counting requests", err: error }, "background failure"),
  );
  return (group, key) => {
    const own = groups[group] ?? [];
    if (requests.length === 0 && own.length === 0) return none;
    return takeRequest(store, key, { requests, [`requests-${group}`]: own });
  };
}
