import type { Decision, LimitReceipt, LimitRule, LimitStore, Quota } from "../contracts/index.ts";
import { ChatError, type ErrorCode } from "../errors/index.ts";

type Windows = Pick<LimitStore, "consume" | "settle">;

/** What a rule said to a charge. */
export interface Charge {
  readonly name: string;
  readonly rule: LimitRule;
  readonly decision: Decision;
}

/** Charges `key` under every rule, in one round. `name`: what is counted. */
export function charge(
  store: Windows,
  name: string,
  key: string,
  rules: readonly LimitRule[],
  cost: number,
): Promise<readonly Charge[]> {
  return Promise.all(
    rules.map(async (rule) => {
      const { limit, windowMs } = rule;
      return { name, rule, decision: await store.consume(`${name}:${limit}/${windowMs}:${key}`, cost, rule) };
    }),
  );
}

/** One request under every rule, or none; the rules by the name of what they count. Throws `rate_limited`. */
export async function takeRequest(
  store: Windows,
  key: string,
  rules: { readonly [name: string]: readonly LimitRule[] },
): Promise<readonly Quota[]> {
  const asked = Object.entries(rules).map(([name, those]) => charge(store, name, key, those, 1));
  const charges = (await Promise.all(asked)).flat();
  const refused = refusalOf(charges, "rate_limited", "Too many requests.");
  if (!refused) return quotasOf(charges);
  await Promise.all(receiptsOf(charges).map((receipt) => store.settle(receipt, 0)));
  throw refused;
}

export function receiptsOf(charges: readonly Charge[]): readonly LimitReceipt[] {
  return charges.flatMap(({ decision }) => decision.receipt ?? []);
}

export function quotasOf(charges: readonly Charge[]): readonly Quota[] {
  return charges.map(({ name, rule, decision: { remaining, resetMs } }) => ({
    name,
    ...(name === "tokens" && { unit: "tokens" }),
    ...rule,
    remaining,
    resetMs,
  }));
}

/** Of so many at once all are taken. */
export function noPlaceLeft(name: string, limit: number, retryAfterMs: number): Quota {
  return { name, unit: "concurrent-requests", limit, windowMs: Infinity, remaining: 0, resetMs: retryAfterMs };
}

/** The error that a refusal among these is; undefined: all passed. */
export function refusalOf(charges: readonly Charge[], code: ErrorCode, what: string): ChatError | undefined {
  const refused = charges.filter(({ decision }) => !decision.allowed);
  const [first] = refused;
  if (!first) return undefined;
  const retryAfterMs = Math.max(...refused.map(({ decision }) => decision.resetMs));
  return new ChatError(
    code,
    `${what} ${first.rule.limit} per window are allowed; try again in ${Math.ceil(retryAfterMs / 1000)} s.`,
    { retryAfterMs, quotas: quotasOf(charges) },
  );
}
