/**
 * SQLite keeps text as UTF-8, which has no lone surrogates, and some drivers end it at NUL: what has either is kept as the bytes
 * of its UTF-16.
 */
export const toColumn = (text: string): string | Uint8Array =>
  text.isWellFormed() && !text.includes("\0") ? text : Buffer.from(text, "utf16le");

export const fromColumn = (value: string | Uint8Array): string =>
  typeof value === "string" ? value : Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf16le");
