import { ChatError } from "@parlor/core";
import type { HttpBody, HttpRequest } from "../seam.ts";

const maxDepth = 32;

/** Throws `unsupported_media_type` for a body that says to be something other than JSON: before it is read. */
export function checkType({ headers }: HttpRequest): void {
  const type = headers["content-type"];
  if (type !== undefined && !isJson(type)) throw unsupported();
}

/** A body as a value that is safe to walk; undefined when there is none. `type`: what it says to be. */
export function toValue(body: HttpBody, type: string | undefined): unknown {
  if ("text" in body) {
    if (body.text === "") return undefined;
    if (type === undefined) throw unsupported();
    return parseJson(body.text);
  }
  check(body.parsed, 1);
  return body.parsed;
}

/** JSON as a value that is safe to walk. Throws `invalid_json`, `too_deep`, `forbidden_key`. */
export function parseJson(text: string): unknown {
  const value = parse(text);
  check(value, 1);
  return value;
}

/** `application/json` or `application/…+json`, with or without parameters. */
function isJson(type: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type.trim());
}

const unsupported = () =>
  new ChatError("unsupported_media_type", "Send the body as JSON, with `Content-Type: application/json`.");

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes the text.
    throw new ChatError("invalid_json", "The body could not be parsed as JSON.");
  }
}

/** Refuses what would hurt code that copies objects or recurses over them. */
function check(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > maxDepth) throw new ChatError("too_deep", `The body may be nested at most ${maxDepth} levels deep.`);
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__" || (key === "constructor" && isObject(inner) && Object.hasOwn(inner, "prototype"))) {
      throw new ChatError("forbidden_key", "The body may not hold `__proto__` or `constructor.prototype`.");
    }
    check(inner, depth + 1);
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
