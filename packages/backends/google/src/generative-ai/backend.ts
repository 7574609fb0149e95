import type { GenerativeModel } from "@google/generative-ai";
import type { ModelBackend, ModelInfo } from "@parlor/core";
import { remoteBackend } from "@parlor/wire";
import { Events } from "../events.ts";
import { capabilities } from "../models.ts";
import { toBody } from "../request.ts";
import { askModel, toRequest } from "./ask.ts";
import { resolveOptions, type GenerativeAiOptions } from "./options.ts";

/**
 * A model object of `@google/generative-ai`, which its vendor archived in December 2025, as a backend, for apps that hold one. What the
 * SDK gets wrong is guarded against as far as that goes from outside; what cannot be (it reads a failure's body, and an event, to
 * their end however long they are, follows redirects and stumbles over comments) is a reason to take `google` of `@parlor/google`, which
 * understands the same options. Its errors show no key and nothing that the service said.
 */
export function generativeAi(model: GenerativeModel, options: GenerativeAiOptions = {}): ModelBackend {
  const resolved = resolveOptions(model?.model, options);
  const { settings, contextWindow, prices, coalesce, retries } = resolved;
  const calls = new Set<AbortController>();

  const info: ModelInfo = {
    provider: "gcp.gemini",
    model: resolved.model,
    kind: "cloud",
    contextWindow,
    defaults: settings,
    capabilities,
    ...(prices && { prices }),
  };

  return remoteBackend({
    info,
    name: "Google",
    retries,
    toBody: (request) => toRequest(toBody(request, { ...resolved, safetySettings: [] }), model, resolved),
    ask: (request, signal) => askModel(model, request, calls, signal),
    reader: () => new Events(coalesce),
    close() {
      for (const call of calls) call.abort();
    },
  });
}
