import type { ModelBackend, ModelInfo } from "@parlor/core";
import { remoteBackend } from "@parlor/wire";
import { askThrough } from "./ask.ts";
import { Events } from "./events.ts";
import { capabilities } from "./models.ts";
import { resolveOptions, type GoogleOptions } from "./options.ts";
import { toBody } from "./request.ts";

/**
 * A Gemini model of Google as a backend, through the `@google/genai` package. Throws a TypeError for options that cannot work; none of
 * its errors shows a key or what the service said. A blocked prompt is `content_filter`. `countTokens` is an estimate: a quarter of
 * the characters and 4 for each message, media by `mediaTokens`. `health` tells what the last calls met, and asks nobody.
 */
export function google(options: GoogleOptions): ModelBackend {
  const resolved = resolveOptions(options);
  const { model, baseURL, settings, contextWindow, prices, coalesce, retries } = resolved;
  const asking = askThrough(options, resolved);

  const info: ModelInfo = {
    provider: options.client?.vertexai ? "gcp.vertex_ai" : "gcp.gemini",
    model,
    kind: "cloud",
    contextWindow,
    defaults: settings,
    capabilities,
    ...(!options.client && { baseUrl: baseURL }),
    ...(prices && { prices }),
  };

  return remoteBackend({
    info,
    name: "Google",
    retries,
    toBody: (request) => toBody(request, resolved),
    ask: asking.ask,
    reader: () => new Events(coalesce),
    close: asking.close,
  });
}
