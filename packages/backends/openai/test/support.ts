import { afterEach } from "vitest";
import { ChatError, type BackendEvent, type ModelBackend, type ModelSettings, type PromptMessage } from "@parlor/core";
import { openai, type OpenAIOptions } from "@parlor/openai";
import { fakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions } from "@parlor/testkit/openai";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

export function cleanUp(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

export interface Pair {
  readonly fake: FakeOpenAI;
  readonly backend: ModelBackend;
}

/** A fake provider and a backend that asks it; both end with the test. */
export async function pair(fakeOptions: FakeOpenAIOptions = {}, options: Partial<OpenAIOptions> = {}): Promise<Pair> {
  const fake = await fakeOpenAI(fakeOptions);
  cleanUp(() => fake.close());
  return { fake, backend: backendOf(fake, options) };
}

export function backendOf(fake: FakeOpenAI, options: Partial<OpenAIOptions> = {}): ModelBackend {
  const where = options.client ? {} : { baseURL: fake.url, apiKey: "sk-test" };
  const backend = openai({ model: "fake", retries: 0, ...where, ...options });
  cleanUp(() => backend.close());
  return backend;
}

export interface Outcome {
  readonly batches: readonly (readonly BackendEvent[])[];
  readonly events: readonly BackendEvent[];
  readonly text: string;
  readonly reasoning: string;
  readonly error: ChatError | undefined;
  /** `finish`'s reason. */
  readonly finish: string | undefined;
}

export function says(text: string): PromptMessage {
  return { role: "user", parts: [{ type: "text", text }] };
}

/** Asks and gathers everything that came, and the error it ended with. */
export async function ask(
  backend: ModelBackend,
  message: string | readonly PromptMessage[] = "Hi",
  settings: ModelSettings = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  const batches: (readonly BackendEvent[])[] = [];
  let error: ChatError | undefined;
  const messages = typeof message === "string" ? [says(message)] : message;
  try {
    for await (const batch of backend.generate({ messages, settings }, signal)) batches.push(batch);
  } catch (thrown) {
    if (!ChatError.isInstance(thrown)) throw thrown;
    error = thrown;
  }
  const events = batches.flat();
  const all = (type: "text" | "reasoning"): string =>
    events.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
  const finish = events.find((event) => event.type === "finish")?.reason;
  return { batches, events, text: all("text"), reasoning: all("reasoning"), error, finish };
}
