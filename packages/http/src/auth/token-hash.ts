/** Names a token without keeping it. */
export type TokenHash = (token: string) => Promise<string>;

/**
 * HMAC-SHA-256 of the whole token under a random key of this process: how long looking one up takes says nothing about the tokens that
 * are known, and no two tokens share a name.
 */
export function createTokenHash(): TokenHash {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  let key: Promise<CryptoKey> | undefined;
  return async (token) => {
    key ??= crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), algorithm, false, ["sign"]);
    const bytes = await crypto.subtle.sign("HMAC", await key, new TextEncoder().encode(token));
    return String.fromCharCode(...new Uint8Array(bytes));
  };
}
