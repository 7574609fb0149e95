import { afterEach } from "vitest";
import type { GenerateRequest, ModelBackend } from "@parlor/core";
import { anthropic, type AnthropicOptions } from "@parlor/anthropic";
import { gather, type Outcome } from "@parlor/testkit/backend";
import { fakeAnthropic, type FakeAnthropic, type FakeAnthropicOptions } from "@parlor/testkit/anthropic";

export { type Outcome, says } from "@parlor/testkit/backend";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

export function cleanUp(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

export interface Pair {
  readonly fake: FakeAnthropic;
  readonly backend: ModelBackend;
}

/** A fake provider and a backend that asks it; both end with the test. */
export async function pair(
  fakeOptions: FakeAnthropicOptions = {},
  options: Partial<AnthropicOptions> = {},
): Promise<Pair> {
  const fake = await fakeAnthropic(fakeOptions);
  cleanUp(() => fake.close());
  return { fake, backend: backendOf(fake, options) };
}

export function backendOf(fake: FakeAnthropic, options: Partial<AnthropicOptions> = {}): ModelBackend {
  const where = options.client ? {} : { baseURL: fake.url, apiKey: "sk-test" };
  const backend = anthropic({ model: "claude-sonnet-5-5", retries: 0, ...where, ...options });
  cleanUp(() => backend.close());
  return backend;
}

/** Asks and gathers everything that came, and the error it ended with. */
export function ask(
  backend: ModelBackend,
  request: Partial<GenerateRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  return gather(backend, { request, signal });
}
