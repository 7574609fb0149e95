/** bcrypt reads no more than 72 bytes, and stops at a NUL: what it would leave out must not look like part of a password. */
const mostBytes = 72;

export const leastPasswordCharacters = 8;

/** Why bcrypt cannot take a password whole; undefined: it can. */
export function passwordFault(password: string): string | undefined {
  if (password.includes("\0")) return "may not hold a NUL";
  const bytes = new TextEncoder().encode(password).length;
  return bytes > mostBytes ? `may have at most ${mostBytes} bytes in UTF-8` : undefined;
}
