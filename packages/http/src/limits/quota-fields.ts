import { ChatError, type Quota } from "@parlor/core";
import type { HttpHeaders } from "../seam.ts";

/** Whole ones, and what a clock's fractions add is no second. */
const seconds = (ms: number) => Math.max(1, Math.ceil(Math.round(ms) / 1000));

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): the rules that a request was counted by, and what they leave.
 * Token budgets have no unit there and are left out.
 */
export function quotaFields(quotas: readonly Quota[], failure: unknown): HttpHeaders {
  const refused = ChatError.isInstance(failure) ? (failure.quotas ?? []) : [];
  const counted = [...quotas, ...refused].filter(({ name }) => name !== "tokens");
  if (counted.length === 0) return {};
  const nameOf = ({ name, windowMs }: Quota) => `"${name}-${seconds(windowMs)}"`;
  return {
    "ratelimit-policy": counted
      .map((quota) => `${nameOf(quota)};q=${quota.limit};w=${seconds(quota.windowMs)}`)
      .join(", "),
    ratelimit: counted.map((quota) => `${nameOf(quota)};r=${quota.remaining};t=${seconds(quota.resetMs)}`).join(", "),
  };
}
