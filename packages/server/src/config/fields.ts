import { z } from "zod";

// Every message completes the sentence "<VARIABLE> …" and never repeats the value: it may be a secret.

/** Text of 1 to `most` characters, on one line unless `lines`. */
export const text = (most: number, lines = false) =>
  z
    .string()
    .max(most, `must have at most ${most} characters`)
    .refine((value) => lines || !/[\p{Cc}]/u.test(value), "must be one line without control characters");

/** A whole number from `least` to `most`. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => {
  const must = `must be a whole number ${most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`}`;
  return z
    .string()
    .regex(/^\d{1,16}$/, must)
    .transform(Number)
    .pipe(z.number().min(least, must).max(most, must));
};

/** A number from `least` to `most`. */
export const decimal = (least: number, most: number) => {
  const must = `must be a number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$|^\.\d{1,9}$/, must)
    .transform(Number)
    .pipe(z.number().min(least, must).max(most, must));
};

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

export const flag = () =>
  z
    .string()
    .toLowerCase()
    .refine((value) => Object.hasOwn(flags, value), "must be true or false")
    .transform((value) => flags[value] === true);

/** One of some words in any case; `also` maps further spellings onto them. */
export const word = <const Word extends string>(words: readonly Word[], also: Readonly<Record<string, Word>> = {}) => {
  const meaning = new Map<string, Word>([...words.map((name) => [name, name] as const), ...Object.entries(also)]);
  return z
    .string()
    .toLowerCase()
    .transform((value, context) => {
      const found = meaning.get(value);
      if (found !== undefined) return found;
      context.addIssue({ code: "custom", message: `must be one of ${words.join(", ")}` });
      return z.NEVER;
    });
};

/** A key or password as it may stand in a header: printable ASCII without spaces. */
export const credential = () =>
  z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces or line breaks")
    .max(4096, "must have at most 4096 characters");

const asUrl = (value: string) => (URL.canParse(value) ? new URL(value) : undefined);

/** The address of an HTTP service; credentials belong into variables of their own. */
export const httpUrl = () =>
  z
    .string()
    .refine((value) => /^https?:$/.test(asUrl(value)?.protocol ?? ""), "must be an http:// or https:// URL")
    .refine((value) => {
      const { username, password, search, hash } = asUrl(value) ?? {};
      return !username && !password && !search && !hash;
    }, "must not hold a user name, a password, a query or a fragment");

/** A connection string of one of these schemes; may hold a password. */
export const connectionUrl = (schemes: readonly string[]) =>
  z
    .string()
    .refine(
      (value) => schemes.includes(asUrl(value)?.protocol ?? ""),
      `must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(" or ")}`,
    );

/** Parts by comma, spaces around them dropped. */
export const list = (valid: (part: string) => boolean, must: string) =>
  z
    .string()
    .transform((value) => value.split(",").map((part) => part.trim()))
    .refine((parts) => parts.every(valid), must);
