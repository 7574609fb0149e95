import { ChatError, type BackendEvent, type GenerateRequest, type ModelBackend, type ModelInfo } from "@parlor/core";
import { estimateTokens, PassiveHealth, streamAnswer, type Answer } from "@parlor/wire";
import { askDirectly, askThrough } from "./ask.ts";
import { Events } from "./events.ts";
import { resolveOptions, type AnthropicOptions } from "./options.ts";
import { toBody, type RequestBody } from "./request.ts";

/**
 * A model of Anthropic, or of any service that speaks its Messages protocol, as a backend. Throws a TypeError for options that
 * cannot work; none of its errors shows a key or what the service said. `countTokens` is an estimate: a quarter of the
 * characters and 4 for each message. `health` tells what the last calls met, and asks nobody.
 */
export function anthropic(options: AnthropicOptions): ModelBackend {
  const resolved = resolveOptions(options);
  const { name, model, baseURL, settings, contextWindow, prices, coalesce, retries } = resolved;
  const { client } = options;
  const asking = client ? askThrough(client, resolved) : askDirectly(resolved, options.fetch);
  const health = new PassiveHealth();
  let closed = false;

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

  function generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<readonly BackendEvent[]> {
    let body: RequestBody | undefined;
    const ask = async (): Promise<Answer> => {
      if (closed) throw new ChatError("draining", `The backend ${name} is closed.`);
      return asking.ask((body ??= toBody(request, resolved)), signal);
    };
    const events = new Events(name, coalesce, request.tools !== undefined);
    return streamAnswer({ name, ask, events, retries, onRetry: request.onRetry, health }, signal);
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
