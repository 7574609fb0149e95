import { ChatError } from "@parlor/core";
import type { HttpRequest } from "../seam.ts";

const maxDepth = 32;

/** The body as a value that is safe to walk; undefined when there is none. */
export async function readJson(request: HttpRequest, limit: number): Promise<unknown> {
  const type = request.headers["content-type"];
  if (type !== undefined && !isJson(type)) throw unsupported();
  const body = await request.body(limit);
  if ("text" in body) {
    if (body.text === "") return undefined;
    if (type === undefined) throw unsupported();
  }
  if ("text" in body) return parseJson(body.text);
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
