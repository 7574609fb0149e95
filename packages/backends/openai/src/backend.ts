import { ChatError, type BackendEvent, type GenerateRequest, type ModelBackend, type ModelInfo } from "@parlor/core";
import { askDirectly, askThrough } from "./ask.ts";
import { readsOf, type Reads } from "./body.ts";
import { Events } from "./events.ts";
import { PassiveHealth } from "./health.ts";
import type { Answer } from "./node-fetch.ts";
import { resolveOptions, type OpenAIOptions } from "./options.ts";
import { estimateTokens, toBody } from "./request.ts";
import { retrying } from "./retry.ts";

/** No more is read of an answer that comes in one piece, in characters. */
const maxWhole = 8_388_608;

/**
 * A model of OpenAI, or of any service that speaks its Chat Completions protocol, as a backend. Throws a TypeError for options that
 * cannot work; none of its errors shows a key or what the service said. `countTokens` is an estimate: a quarter of the
 * characters and 4 for each message. `health` tells what the last calls met, and asks nobody.
 */
export function openai(options: OpenAIOptions): ModelBackend {
  const resolved = resolveOptions(options);
  const { name, model, baseURL, settings, contextWindow, coalesce, retries } = resolved;
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
    capabilities: ["streaming", "reasoning", "tools", "images", "multi-turn"],
  };

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<readonly BackendEvent[]> {
    if (closed) throw new ChatError("draining", `The backend ${name} is closed.`);
    if (signal.aborted) return;
    const body = toBody(request, resolved);
    let reads: Reads | undefined;
    const cut = (): void => reads?.close();
    signal.addEventListener("abort", cut);
    const events = new Events(name, coalesce);
    try {
      const answer = await retrying(() => asking.ask(body, signal), { retries, signal });
      reads = readsOf(answer.body);
      const read = kindOf(answer, name) === "stream" ? nextBatch : wholeAnswer;
      while (!events.done && !signal.aborted) {
        const batch = await read(reads, events);
        if (batch.length > 0 && !signal.aborted) yield batch;
      }
      if (events.failure && !signal.aborted) throw events.failure;
      health.answered();
    } catch (error) {
      if (signal.aborted) return;
      health.failed(error);
      throw error;
    } finally {
      signal.removeEventListener("abort", cut);
      if (events.done && events.failure === undefined) reads?.release();
      else reads?.close();
    }
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

/** The end of the body and a broken connection are told apart by what the model had said until then. */
async function nextBatch(reads: Reads, events: Events): Promise<readonly BackendEvent[]> {
  let text: string | undefined;
  try {
    text = await reads.next();
  } catch (error) {
    return events.end(error);
  }
  return text === undefined ? events.end() : events.feed(text);
}

function kindOf(answer: Answer, name: string): "stream" | "json" {
  const type = answer.headers.get("content-type") ?? "text/event-stream";
  const encoding = answer.headers.get("content-encoding") ?? "identity";
  // A fetch that was brought along decodes by itself; ours asked for plain bytes.
  const plain = encoding === "identity" || (answer.body !== null && "getReader" in answer.body);
  if (plain && /^text\/event-stream\b/i.test(type)) return "stream";
  if (plain && /^application\/json\b/i.test(type)) return "json";
  throw new ChatError("upstream_invalid", `${name} answered neither an event stream nor JSON. Check the base URL.`);
}

async function wholeAnswer(reads: Reads, events: Events): Promise<readonly BackendEvent[]> {
  let text = "";
  try {
    for (let part; text.length <= maxWhole && (part = await reads.next()) !== undefined;) text += part;
  } catch (error) {
    return events.end(error);
  }
  return events.whole(text);
}
