export { accounts, type AccountsOptions, type AdminAccounts } from "./accounts.ts";
export type { AccountInfo, Accounts, AccountsAuth, Credentials, IssuedToken, LoginInfo } from "../auth/accounts.ts";
