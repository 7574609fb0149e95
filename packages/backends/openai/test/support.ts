import { afterEach } from "vitest";
import type { ModelBackend, ModelSettings, PromptMessage } from "@parlor/core";
import { openai, type OpenAIOptions } from "@parlor/openai";
import { gather, type Outcome, says } from "@parlor/testkit/backend";
import { fakeOpenAI, type FakeOpenAI, type FakeOpenAIOptions } from "@parlor/testkit/openai";

export { type Outcome, says };

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

/** Asks and gathers everything that came, and the error it ended with. */
export function ask(
  backend: ModelBackend,
  message: string | readonly PromptMessage[] = "Hi",
  settings: ModelSettings = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  const messages = typeof message === "string" ? [says(message)] : message;
  return gather(backend, { request: { messages, settings }, signal });
}
