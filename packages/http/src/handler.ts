import type { ChatEngine } from "@parlor/core";
import type { HandlerOptions } from "./options.ts";
import type { Handler } from "./seam.ts";

/**
 * Everything between a request and the engine: routes, access, validation, errors, streams. Adapters translate, and call it.
 * Throws a TypeError when neither `auth` nor `access: "public"` is given.
 */
export function createHandler<Raw = unknown>(engine: ChatEngine, options: HandlerOptions<Raw>): Handler<Raw> {
  if (options.auth === undefined && options.access !== "public") {
    throw new TypeError('Parlor needs `auth`, or `access: "public"` to be open to everybody');
  }
  void engine;
  return { handle: () => undefined };
}
