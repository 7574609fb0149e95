import type { Authenticate, Principal } from "./principal.ts";
import type { HttpRequest } from "../seam.ts";

export interface AccountInfo {
  readonly username: string;
  /** ISO 8601, UTC; so are the others. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface LoginInfo {
  readonly id: string;
  readonly username: string;
  readonly createdAt: string;
  readonly lastActivity: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly username: string;
}

/** Who may administer, for the `admin` group; `accounts()` of `@parlor/http/accounts` makes it. */
export interface Accounts {
  /** Throws `unauthorized`, the same for an unknown name and a wrong password, and `rate_limited`. `address`: whose attempts to count. */
  login(credentials: Credentials, address: string): Promise<IssuedToken>;
  /** Ends the login of this request, on every node. False: it did not come with one. */
  logout(request: HttpRequest): Promise<boolean>;
  /** Undefined: its record has been deleted. */
  info(): Promise<AccountInfo | undefined>;
  /** Ends every login, too. */
  change(credentials: Credentials): Promise<void>;
  /** The live ones, at most 1,000. */
  logins(): Promise<readonly LoginInfo[]>;
}

/** An `auth` that brings accounts along. */
export interface AccountsAuth {
  (request: Pick<HttpRequest, "headers">): Promise<Principal | undefined>;
  readonly accounts: Accounts;
}

/** The accounts among these; undefined: there are none. */
export function accountsOf(methods: readonly Authenticate<never>[]): Accounts | undefined {
  return methods.find((method): method is AccountsAuth => "accounts" in method)?.accounts;
}
