import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type BackendEvent,
  ChatError,
  type GenerateRequest,
  type ModelBackend,
  type PromptMessage,
} from "@parlor/core";
import { fakeProvider, type ProviderReply, type ProviderRequest } from "../provider/index.ts";
import type {
  AskOptions,
  BackendCase,
  BackendConformanceOptions,
  BackendSettings,
  Outcome,
  Script,
  Stage,
} from "./suite.ts";

/** The key of every backend that is judged; it may be seen nowhere. */
export const secret = "sk-canary-0123456789";

const greeting: Script = { answer: { said: [{ text: "Hello" }, { text: " there" }] } };

/** Runs a case on a provider and a backend of its own. */
export async function onStage(options: BackendConformanceOptions, one: BackendCase): Promise<void> {
  const { create, provider, lacks = [], patienceMs = 10_000 } = options;
  const backends: ModelBackend[] = [];
  const soon: Stage["soon"] = (promise, what) => within(promise, patienceMs, what);
  const fake = await fakeProvider<Script>({
    reply: (request) => one.reply?.(request, provider) ?? greeting,
    render: (script, request) => toReply(options, script, request),
  });

  async function make(settings: Partial<BackendSettings> = {}): Promise<ModelBackend> {
    const backend = await create({ url: fake.url, apiKey: secret, retries: 0, ...settings });
    backends.push(backend);
    return backend;
  }

  try {
    const backend = await make();
    const stage: Stage = {
      provider,
      fake,
      lacks,
      backend,
      make,
      soon,
      ask: (asked = {}) => soon(gather(asked.backend ?? backend, asked), "the end of the call"),
      asked: async (index = 0) => provider.asked(await soon(fake.request(index), "a request")),
    };
    await one.run(stage);
  } finally {
    for (const backend of backends) await backend.close();
    await fake.close();
  }
}

function toReply({ provider }: BackendConformanceOptions, script: Script, request: ProviderRequest): ProviderReply {
  if ("reply" in script) return script.reply;
  if ("failure" in script) {
    const reply = provider.failure(script.failure);
    assert.ok(reply, `the fixtures have no ${script.failure.code}; \`lacks\` has to name it`);
    return reply;
  }
  const recorded = provider.answer(script.answer, request);
  return {
    headers: recorded.headers ?? { "content-type": "text/event-stream" },
    body: script.records?.(recorded) ?? recorded.records,
    ...(script.wire && { wire: script.wire }),
  };
}

/** A message of a user. */
export function says(text: string): PromptMessage {
  return { role: "user", parts: [{ type: "text", text }] };
}

export function toRequest(asked: AskOptions["request"] = "Hi"): GenerateRequest {
  return typeof asked === "string"
    ? { messages: [says(asked)], settings: {} }
    : { messages: [says("Hi")], settings: {}, ...asked };
}

/** Asks, and gathers everything that came and the error it ended with. Fails when that is no ChatError, unless the call was aborted. */
export async function gather(backend: ModelBackend, asked: AskOptions): Promise<Outcome> {
  const { signal = new AbortController().signal } = asked;
  const batches: (readonly BackendEvent[])[] = [];
  let error: ChatError | undefined;
  try {
    for await (const batch of backend.generate(toRequest(asked.request), signal)) batches.push(batch);
  } catch (thrown) {
    // An abort may end a call by throwing whatever it likes.
    if (!signal.aborted) {
      assert.ok(ChatError.isInstance(thrown), `no ChatError was thrown but ${String(thrown)}`);
      error = thrown;
    }
  }
  return toOutcome(batches, error);
}

export function toOutcome(batches: Outcome["batches"], error?: ChatError): Outcome {
  const events = batches.flat();
  const all = (type: "text" | "reasoning"): string =>
    events.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
  return {
    batches,
    events,
    text: all("text"),
    reasoning: all("reasoning"),
    finish: events.find((event) => event.type === "finish")?.reason,
    usage: events.findLast((event) => event.type === "usage")?.usage,
    error,
  };
}

export async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} did not come within ${ms} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
