import { ChatError, type Quota } from "@parlor/core";
import type { HttpHeaders } from "../seam.ts";

/** Whole ones, and what a clock's fractions add is no second. */
const seconds = (ms: number) => Math.max(1, Math.ceil(Math.round(ms) / 1000));

/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): the rules that a request was counted by, and what they leave. */
export function quotaFields(quotas: readonly Quota[], failure: unknown): HttpHeaders {
  const refused = ChatError.isInstance(failure) ? (failure.quotas ?? []) : [];
  const counted = [...quotas, ...refused];
  if (counted.length === 0) return {};
  return { "ratelimit-policy": counted.map(toPolicy).join(", "), ratelimit: counted.map(toRest).join(", ") };
}

const hasWindow = ({ windowMs }: Quota) => windowMs !== Infinity;
const nameOf = (quota: Quota) => `"${quota.name}${hasWindow(quota) ? `-${seconds(quota.windowMs)}` : ""}"`;

function toPolicy(quota: Quota): string {
  const window = hasWindow(quota) ? `;w=${seconds(quota.windowMs)}` : "";
  return `${nameOf(quota)};q=${quota.limit}${window}${quota.unit ? `;qu="${quota.unit}"` : ""}`;
}

const toRest = (quota: Quota) => `${nameOf(quota)};r=${quota.remaining};t=${seconds(quota.resetMs)}`;
