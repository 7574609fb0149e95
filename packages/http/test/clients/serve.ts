import type { IncomingMessage } from "node:http";
import { type ChatEngine, createChatEngine, type EngineOptions } from "@parlor/core";
import { scriptedBackend, type ScriptedBackend, type Step } from "@parlor/core/testing";
import type { GenerateRequest } from "@parlor/core";
import { listen } from "@parlor/testkit/http";
import { onTestFinished } from "vitest";
import { createHandler } from "../../src/index.ts";
import { attach, listener } from "../../src/node/index.ts";

export interface Site {
  readonly url: string;
  readonly engine: ChatEngine;
  readonly backend: ScriptedBackend;
  /** Every request so far, as `POST /v1/responses`. */
  readonly requests: readonly string[];
}

/** What a model that can do everything says of itself. */
export const able = {
  capabilities: ["streaming", "multi-turn", "tools", "structured-output", "images", "files"],
} as const;

/** A real server with a scripted model for one test. A bearer token is the principal's id. */
export async function serve(
  model: readonly Step[] | ((request: GenerateRequest, call: number) => readonly Step[]),
  options: Partial<EngineOptions> = {},
  onRequest: (incoming: IncomingMessage) => void = () => {},
): Promise<Site> {
  const backend = scriptedBackend(model, { info: able });
  const engine = createChatEngine({ backend, ...options });
  const handler = createHandler<IncomingMessage>(engine, {
    auth({ headers }) {
      const id = headers["authorization"]?.slice("Bearer ".length);
      return id === undefined || id === "bad-key" ? undefined : { id };
    },
  });
  const handle = listener(handler);
  const requests: string[] = [];
  const served = await listen(
    (incoming, outgoing) => {
      requests.push(`${incoming.method} ${incoming.url}`);
      onRequest(incoming);
      handle(incoming, outgoing);
    },
    (server) => attach(server),
  );
  onTestFinished(async () => {
    await served.close();
    await engine.close({ drainMs: 0 });
  });
  return { url: served.url, engine, backend, requests };
}
