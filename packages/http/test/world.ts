import { type ChatEngine, createChatEngine, type EngineOptions } from "@parlor/core";
import { says, scriptedBackend, type Step } from "@parlor/core/testing";
import { respond } from "../src/fetch/index.ts";
import { createHandler, type Handler, type HandlerOptions } from "../src/index.ts";

export interface Asked {
  /** Default "ada"; undefined: without credentials. */
  readonly as?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface World {
  readonly engine: ChatEngine;
  readonly handler: Handler<Request>;
  /** Undefined: not our path. */
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Response | undefined>;
  /** With these headers and no others. */
  readonly send: (method: string, path: string, headers: Record<string, string>) => Promise<Response | undefined>;
}

/** A handler without a server: requests go in through the fetch bridge. A bearer token is the principal's id. */
export function world(
  options: Partial<HandlerOptions<Request>> = {},
  model: readonly Step[] = says("Hello there"),
  engineOptions: Partial<EngineOptions> = {},
): World {
  const engine = createChatEngine({ backend: scriptedBackend(model), ...engineOptions });
  const auth = ({ headers }: { headers: { readonly [name: string]: string | undefined } }) => {
    const id = headers["authorization"]?.slice("Bearer ".length);
    return id === undefined ? undefined : { id, admin: id === "root" };
  };
  const handler = createHandler<Request>(engine, { auth, ...options });
  return {
    engine,
    handler,
    send(method, path, headers) {
      const request = new Request(`http://localhost${path}`, { method, headers });
      return respond(handler, request, { raw: request });
    },
    ask(method, path, { body, headers, ...asked } = {}) {
      const as = "as" in asked ? asked.as : "ada";
      const request = new Request(`http://localhost${path}`, {
        method,
        headers: {
          ...(as !== undefined && { authorization: `Bearer ${as}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return respond(handler, request, { raw: request });
    },
  };
}
