import type { ModelBackend, ModelInfo } from "@parlor/core";
import { askDirectly, nodeFetch, remoteBackend } from "@parlor/wire";
import { fromStatus } from "./errors.ts";
import { Events } from "./events.ts";
import { serviceModels, type ServiceModels } from "./models.ts";
import { resolveOptions, type InferenceOptions } from "./options.ts";
import { toBody, type RequestBody } from "./request.ts";

/** A backend that can also tell of the models of its service, and have another one loaded. */
export interface InferenceBackend extends ModelBackend, ServiceModels {}

/**
 * An inference service of your own as a backend: `POST /generate` answers with server-sent events, `data: {"token": "…"}` (or
 * `{"reasoning": "…"}`) for each piece and `data: {"done": true}` at the end, which may bring `finish_reason` and `usage`; a failure
 * is `data: {"error": "…", "code": "…"}`. Throws a TypeError for options that cannot work; none of its errors shows a key or what
 * the service said. `countTokens` is an estimate: a quarter of the characters and 4 for each message. `health` tells what
 * the last calls met, and asks nobody.
 */
export function inference(options: InferenceOptions): InferenceBackend {
  const resolved = resolveOptions(options);
  const { name, model, baseURL, headers, settings, contextWindow, coalesce, retries, connectMs } = resolved;
  const others = nodeFetch(connectMs);
  const asking = askDirectly<RequestBody>({
    name,
    connectMs,
    request: () => Promise.resolve({ url: `${baseURL}/generate`, headers }),
    refused: ({ status, text, retryAfterMs }) => fromStatus(name, status, text, retryAfterMs),
  });

  const info: ModelInfo = {
    provider: name,
    model: model ?? name,
    kind: "cloud",
    contextWindow,
    defaults: settings,
    baseUrl: baseURL,
    capabilities: ["streaming", "reasoning", "multi-turn"],
  };

  const backend = remoteBackend({
    info,
    name,
    retries,
    toBody: (request) => toBody(request, resolved),
    ask: asking.ask,
    reader: () => new Events(name, coalesce),
    close() {
      asking.close();
      others.close();
    },
  });
  return { ...backend, ...serviceModels(resolved, others) };
}
