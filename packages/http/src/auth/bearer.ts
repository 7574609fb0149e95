import { credentialOf, isToken } from "./credential.ts";
import { type Authenticate, checkPrincipal, type Principal } from "./principal.ts";
import { createTokenHash } from "./token-hash.ts";

/**
 * Knows people by fixed tokens: `bearer({ [token]: "ada" })`, or a whole principal for each. Tokens come as `Authorization: Bearer …` or
 * `X-API-Key`. Comparing takes the same time for every token. Throws a TypeError for a token that no header could carry.
 */
export function bearer(tokens: { readonly [token: string]: string | Principal }): Authenticate {
  const entries = Object.entries(tokens).map(([token, who]) => {
    if (!isToken(token)) {
      throw new TypeError("bearer: a token is 1 to 16,384 characters of printable ASCII without spaces");
    }
    return [token, checkPrincipal(typeof who === "string" ? { id: who } : who)] as const;
  });
  const hash = createTokenHash();
  let known: Promise<ReadonlyMap<string, Principal>> | undefined;

  return async (request) => {
    const token = credentialOf(request);
    if (token === undefined) return undefined;
    known ??= Promise.all(entries.map(async ([one, who]) => [await hash(one), who] as const)).then(
      (pairs) => new Map(pairs),
    );
    return (await known).get(await hash(token));
  };
}
