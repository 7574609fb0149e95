import { ChatError, type BackendEvent, type GenerateRequest, type ModelBackend, type ModelInfo } from "@parlor/core";
import { estimateTokens, PassiveHealth, streamAnswer, type Answer } from "@parlor/wire";
import { askThrough } from "./ask.ts";
import { Events } from "./events.ts";
import type { RequestBody } from "./gemini.ts";
import { capabilities } from "./models.ts";
import { resolveOptions, type GoogleOptions } from "./options.ts";
import { toBody } from "./request.ts";

/**
 * A Gemini model of Google as a backend, through the `@google/genai` package. Throws a TypeError for options that cannot work; none of
 * its errors shows a key or what the service said. A blocked prompt is `content_filter`. `countTokens` is an estimate: a quarter of
 * the characters and 4 for each message. `health` tells what the last calls met, and asks nobody.
 */
export function google(options: GoogleOptions): ModelBackend {
  const resolved = resolveOptions(options);
  const { model, baseURL, settings, contextWindow, prices, coalesce, retries } = resolved;
  const asking = askThrough(options, resolved);
  const health = new PassiveHealth();
  let closed = false;

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

  function generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<readonly BackendEvent[]> {
    let body: RequestBody | undefined;
    const ask = async (): Promise<Answer> => {
      if (closed) throw new ChatError("draining", "The backend google is closed.");
      return asking.ask((body ??= toBody(request, resolved)), signal);
    };
    return streamAnswer(
      { name: "Google", ask, events: new Events(coalesce), retries, onRetry: request.onRetry, health },
      signal,
    );
  }

  return {
    info,
    generate,
    countTokens: estimateTokens,
    health: () => Promise.resolve(health.state),
    close() {
      closed = true;
      asking.close();
      return Promise.resolve();
    },
  };
}
