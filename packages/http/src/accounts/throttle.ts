import { ChatError, type Decision, type LimitRule, type LimitStore } from "@parlor/core";

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
    const decisions = await Promise.all([
      store.consume(`login:account:${await sha256(username)}`, 1, perAccount),
      store.consume(`login:${address}`, 1, perAddress),
    ]);
    const giveBack = async () => {
      await Promise.all(decisions.flatMap(({ receipt }) => (receipt ? [store.settle(receipt, 0)] : [])));
    };
    const refused = decisions.filter(({ allowed }) => !allowed);
    if (refused.length > 0) {
      await giveBack();
      throw tooMany(refused);
    }
    return { succeeded: giveBack };
  };
}

function tooMany(refused: readonly Decision[]): ChatError {
  const retryAfterMs = Math.max(...refused.map(({ resetMs }) => resetMs));
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new ChatError("rate_limited", `Too many failed logins; try again in ${seconds} s.`, { retryAfterMs });
}

/** A name may be any text; keys of stores may not. */
async function sha256(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
