import type { LimitRule } from "@parlor/core";

const units = new Map([
  ["second", 1_000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
]);

/** Reads `60` (per minute), `10/minute`, `5/second`, `1000/day`, several by comma; undefined when it is none of these. */
export function toLimitRules(value: string): LimitRule[] | undefined {
  const rules = value.split(",").map((part): LimitRule | undefined => {
    const [, count, unit = "minute"] = /^(\d{1,9})(?:\/([a-z]{1,9}))?$/i.exec(part.trim()) ?? [];
    const windowMs = units.get(unit.toLowerCase().replace(/s$/, ""));
    return Number(count) >= 1 && windowMs !== undefined ? { limit: Number(count), windowMs } : undefined;
  });
  return rules.every((rule) => rule !== undefined) ? rules : undefined;
}
