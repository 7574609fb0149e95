import { ChatError, type ChatEngine } from "@parlor/core";
import type { Accounts, AccountsAuth, Credentials } from "../auth/accounts.ts";
import { credentialOf } from "../auth/credential.ts";
import { leastPasswordCharacters } from "../auth/password-rule.ts";
import type { HttpRequest } from "../seam.ts";
import { AccountRecord, accountOwner } from "./account.ts";
import { Logins } from "./logins.ts";
import { createPasswords, randomPassword } from "./passwords.ts";
import { createThrottle, type LoginLimits } from "./throttle.ts";
import { createTokens } from "./tokens.ts";

export interface AccountsOptions {
  /** Signs the tokens: 32 random bytes or more, the same on every node, for nothing else. */
  readonly secret: string;
  /** Of the account that the first start makes; default `admin`. */
  readonly username?: string;
  /** Likewise, 8 characters to 72 bytes; default: a random one, told in `created`. */
  readonly password?: string;
  /** How long a login lasts, in milliseconds; default an hour. */
  readonly lifetimeMs?: number;
  readonly limits?: LoginLimits;
  /** Of bcrypt, 10 to 12; default 12. */
  readonly cost?: number;
}

export interface AdminAccounts extends AccountsAuth {
  /** What this start has made, to be shown once and kept nowhere; undefined: there was an account, or its password was given. */
  readonly created: Credentials | undefined;
}

/** Of a password that nobody has: a login takes its time also where the account is gone. */
const nobodysHash = "$2b$12$3WmRs/5EL..R26FEsq68TOWHzY2bJtNIUvqifpMgit6X2sk8vs4xi";

/**
 * Admins who log in by name and password, for the `admin` group and as an `auth`: `auth: [await accounts(engine, { secret }), …]`. There is one
 * account; it, its logins and the count of failed ones are kept in the engine's storage, for all nodes. Throws a TypeError for options
 * that cannot be, and `store_unavailable`.
 */
export async function accounts(engine: ChatEngine, options: AccountsOptions): Promise<AdminAccounts> {
  const { clock, storage } = engine;
  const { username = "admin", password, lifetimeMs = 3_600_000, cost = 12 } = options;
  if (!(lifetimeMs >= 1_000)) throw new TypeError("accounts: `lifetimeMs` is a second or more");
  const tokens = createTokens(options.secret, lifetimeMs, clock);
  const passwords = createPasswords(cost);
  const attempt = createThrottle(storage.limits, options.limits);
  const account = new AccountRecord(engine);
  const logins = new Logins(engine);

  const service: Accounts = {
    async login({ username: name, password: given }, address) {
      const tried = await attempt(name, address);
      const known = await account.read();
      const matches = await passwords.verify(given, known?.hash ?? nobodysHash);
      if (!known || !matches || name !== known.username) {
        throw new ChatError("unauthorized", "Invalid username or password");
      }
      const id = crypto.randomUUID();
      await logins.begin(id, known.username, known.generation, lifetimeMs);
      await tried.succeeded();
      const token = await tokens.sign(id, accountOwner);
      return { token, expiresInSeconds: Math.floor(lifetimeMs / 1000), username: known.username };
    },

    async logout(request) {
      const token = await tokenOf(request);
      if (token) await logins.end(token.id);
      return token !== undefined;
    },

    async info() {
      const known = await account.recent();
      return known && { username: known.username, createdAt: known.createdAt, updatedAt: known.updatedAt };
    },

    async change({ username: name, password: wanted }) {
      await account.change(name, await passwords.hash(wanted));
    },

    async logins() {
      const known = await account.recent();
      return known ? logins.list(known.generation) : [];
    },
  };

  async function tokenOf(request: Pick<HttpRequest, "headers">) {
    const credential = credentialOf(request);
    return credential === undefined ? undefined : tokens.read(credential);
  }

  const authenticate = async (request: Pick<HttpRequest, "headers">) => {
    const token = await tokenOf(request);
    if (!token) return undefined;
    const known = await account.recent();
    if (!known || !(await logins.lives(token.id, known.generation))) {
      // Ours for certain: no other method is asked.
      throw new ChatError("unauthorized", "This login has ended. Log in again.");
    }
    logins.note(token.id, token.expiresAt - clock.now());
    return { id: accountOwner, name: known.username, admin: true, expiresAt: token.expiresAt };
  };

  return Object.assign(authenticate, { accounts: service, created: await ensure() });

  async function ensure(): Promise<Credentials | undefined> {
    const made = { username, password: password ?? randomPassword() };
    if (made.password.length < leastPasswordCharacters) {
      throw new TypeError(`accounts: \`password\` needs ${leastPasswordCharacters} characters or more`);
    }
    if (await account.read()) return undefined;
    const hash = await passwords.hash(made.password);
    const isOurs = await account.create(username, hash);
    return isOurs && password === undefined ? made : undefined;
  }
}
