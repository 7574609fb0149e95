const unstorable = /[\\\0\p{Surrogate}]/gu;
const escaped = /\\(\\|0|u[0-9a-f]{4})/g;

/**
 * Text as PostgreSQL can keep it: it refuses NUL, and half a surrogate pair has no UTF-8. Those become `\0` and `\ud800`, the
 * backslash itself `\\`; all other text stays as it is. JSON needs none of this: it has its own escapes.
 */
export function toText(text: string): string {
  if (!text.includes("\\") && !text.includes("\0") && text.isWellFormed()) return text;
  return text.replace(unstorable, (character) => {
    if (character === "\\") return "\\\\";
    return character === "\0" ? "\\0" : `\\u${character.charCodeAt(0).toString(16)}`;
  });
}

export function fromText(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(escaped, (_, what: string) => {
    if (what === "\\") return "\\";
    return what === "0" ? "\0" : String.fromCharCode(Number.parseInt(what.slice(1), 16));
  });
}

/** The same for what may be absent. */
export const toTextOrNull = (text: string | undefined): string | null => (text === undefined ? null : toText(text));

/** PostgreSQL's integer ends here; a larger bound is none. */
export const toInteger = (value: number): number => Math.min(value, 2_147_483_647);
