import type { GenerateRequest, ModelBackend, ModelInfo } from "@parlor/core";
import { remoteBackend, type EventReader } from "@parlor/wire";
import { askOurselves, askThrough } from "./ask.ts";
import { Events } from "./events.ts";
import { needsKey } from "./hosts.ts";
import { KeptDetails } from "./kept-details.ts";
import { resolveOptions, type OpenAIOptions, type Resolved } from "./options.ts";
import type { Service } from "./service.ts";
import { toBody } from "./request.ts";
import { ResponsesEvents } from "./responses/events.ts";
import { toResponsesBody } from "./responses/request.ts";

/**
 * A model of OpenAI, or of any service that speaks its Chat Completions protocol, as a backend. Throws a TypeError for options that
 * cannot work; none of its errors shows a key or what the service said. `countTokens` is an estimate: a quarter of the
 * characters and 4 for each message, media by `mediaTokens`. `health` tells what the last calls met, and asks nobody.
 */
export function openai(options: OpenAIOptions): ModelBackend {
  return createBackend(options);
}

/** `preset`: the service, where it is known before its address. */
export function createBackend(options: OpenAIOptions, preset?: Service): ModelBackend {
  const resolved = resolveOptions(options, preset);
  const { name, model, service, baseURL, settings, contextWindow, prices, retries } = resolved;
  const { client } = options;
  if (!client) checkKey(options, resolved);
  const asking = client ? askThrough(client, resolved) : askOurselves(resolved, options.fetch);

  const info: ModelInfo = {
    provider: name,
    model,
    kind: service.kind,
    contextWindow,
    defaults: settings,
    baseUrl: baseURL,
    ...(prices && { prices }),
    capabilities: service.capabilities,
    ...(service.deadlines && { deadlines: service.deadlines }),
  };

  return remoteBackend({
    info,
    name,
    retries,
    toBody: (request) => bodyOf(request, resolved),
    ask: asking.ask,
    reader: () => readerOf(resolved),
    close: asking.close,
  });
}

/** So that it is not found out in the first call. A `fetch` and headers may bring a key of their own. */
function checkKey({ fetch, headers = {} }: OpenAIOptions, { name, apiKey, baseURL }: Resolved): void {
  if (apiKey !== undefined || fetch || !needsKey(baseURL)) return;
  if (Object.keys(headers).some((header) => /authorization|key|token/i.test(header))) return;
  throw new TypeError(`${name}: no API key; ${new URL(baseURL).hostname} needs one: pass \`apiKey\``);
}

function bodyOf(request: GenerateRequest, options: Resolved): object {
  return options.api === "chat" ? toBody(request, options) : toResponsesBody(request, options);
}

function readerOf({ api, name, model, coalesce, service: { keepsDetails } }: Resolved): EventReader {
  return api === "chat"
    ? new Events(name, coalesce, keepsDetails ? new KeptDetails(name, model) : undefined)
    : new ResponsesEvents(name, model, coalesce);
}
