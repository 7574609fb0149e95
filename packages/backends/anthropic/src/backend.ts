import type { ModelBackend, ModelInfo } from "@parlor/core";
import { remoteBackend } from "@parlor/wire";
import { askDirectly, askThrough } from "./ask.ts";
import { Events } from "./events.ts";
import { resolveOptions, type AnthropicOptions } from "./options.ts";
import { toBody } from "./request.ts";

/**
 * A model of Anthropic, or of any service that speaks its Messages protocol, as a backend. Throws a TypeError for options that
 * cannot work; none of its errors shows a key or what the service said. `countTokens` is an estimate: a quarter of the
 * characters and 4 for each message, media by `mediaTokens`. `health` tells what the last calls met, and asks nobody.
 */
export function anthropic(options: AnthropicOptions): ModelBackend {
  const resolved = resolveOptions(options);
  const { name, model, baseURL, settings, contextWindow, prices, coalesce, retries } = resolved;
  const { client } = options;
  const asking = client ? askThrough(client, resolved) : askDirectly(resolved, options.fetch);

  const info: ModelInfo = {
    provider: name,
    model,
    kind: "cloud",
    contextWindow,
    defaults: settings,
    baseUrl: baseURL,
    capabilities: ["streaming", "reasoning", "tools", "images", "files", "structured-output", "multi-turn"],
    // A tool's input is held back until it is whole, and thoughts that are omitted are silent.
    deadlines: { firstTokenMs: 120_000, idleMs: 120_000 },
    ...(prices && { prices }),
  };

  return remoteBackend({
    info,
    name,
    retries,
    toBody: (request) => toBody(request, resolved),
    ask: asking.ask,
    reader: ({ tools }) => new Events(name, coalesce, tools !== undefined),
    close: asking.close,
  });
}
