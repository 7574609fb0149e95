import { ChatError } from "@parlor/core";
import { passwordFault } from "../auth/password-rule.ts";

/** Of the four threads that Node has for such work, files and name look-ups need the rest. */
const mostAtOnce = 2;
const mostWaiting = 32;

/** 128 random bits, as 22 characters. */
export function randomPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .slice(0, 22);
}

export interface Passwords {
  /** Throws a TypeError for a password that bcrypt would cut short. */
  hash(password: string): Promise<string>;
  /** False for one that bcrypt would cut short. */
  verify(password: string, hash: string): Promise<boolean>;
}

/** bcrypt, off the event loop. `cost`: 10 to 12. */
export function createPasswords(cost: number): Passwords {
  if (!(Number.isInteger(cost) && cost >= 10 && cost <= 12)) throw new TypeError("accounts: `cost` is 10, 11 or 12");
  const inLine = createLine();
  return {
    async hash(password) {
      const fault = passwordFault(password);
      if (fault) throw new TypeError(`accounts: a password ${fault}`);
      return inLine(async () => (await bcrypt()).hash(password, { cost }));
    },
    verify: async (password, hash) =>
      passwordFault(password) === undefined && inLine(async () => (await bcrypt()).verify(password, hash)),
  };
}

/** Has native code, so it is loaded only where there are accounts. */
async function bcrypt() {
  try {
    return await import("@node-rs/bcrypt");
  } catch (cause) {
    throw new Error("accounts() needs the package @node-rs/bcrypt: install it beside @parlor/http", { cause });
  }
}

/** Lets few work at once, and turns away who would wait too long. */
function createLine(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let working = 0;
  return async (work) => {
    if (working >= mostAtOnce) {
      if (waiting.length >= mostWaiting) {
        throw new ChatError("rate_limited", "Too many logins at once; try again in a moment.", { retryAfterMs: 2_000 });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else working += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else working -= 1;
    }
  };
}
