import { ChatError, type LimitRule, type LimitStore, type Quota } from "@parlor/core";

export interface LoginLimits {
  /** Failed attempts for one name; default 10 in 5 minutes. */
  readonly perAccount?: LimitRule;
  /** Failed attempts from one address (IPv6: its /64); default 20 in 5 minutes. */
  readonly perAddress?: LimitRule;
}

/** One attempt; what succeeds is given back. */
export interface Attempt {
  succeeded(): Promise<void>;
}

/** Counts failed logins, on all nodes together. A limit store that is down refuses every login: `store_unavailable`. */
export function createThrottle(store: LimitStore, limits: LoginLimits = {}) {
  const fiveMinutes = 300_000;
  const { perAccount = { limit: 10, windowMs: fiveMinutes }, perAddress = { limit: 20, windowMs: fiveMinutes } } =
    limits;

  /** Throws `rate_limited`. Counts before the password is looked at, so that many at once are no way around. */
  return async function attempt(username: string, address: string): Promise<Attempt> {
    const consume = async (name: string, key: string, rule: LimitRule) => {
      const { receipt, allowed, remaining, resetMs } = await store.consume(key, 1, rule);
      return { receipt, allowed, quota: { name, ...rule, remaining, resetMs } };
    };
    const charges = await Promise.all([
      consume("logins-by-name", `login:account:${await sha256(username)}`, perAccount),
      consume("logins-by-address", `login:${address}`, perAddress),
    ]);
    const giveBack = async () => {
      await Promise.all(charges.flatMap(({ receipt }) => (receipt ? [store.settle(receipt, 0)] : [])));
    };
    if (charges.every(({ allowed }) => allowed)) return { succeeded: giveBack };
    await giveBack();
    throw tooMany(charges.flatMap(({ allowed, quota }) => (allowed ? [] : [quota])));
  };
}

function tooMany(quotas: readonly Quota[]): ChatError {
  const retryAfterMs = Math.max(...quotas.map(({ resetMs }) => resetMs));
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new ChatError("rate_limited", `Too many failed logins; try again in ${seconds} s.`, { retryAfterMs, quotas });
}

/** A name may be any text; keys of stores may not. */
async function sha256(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
