import { afterEach } from "vitest";
import {
  ChatError,
  type BackendEvent,
  type GenerateRequest,
  type ModelBackend,
  type PromptMessage,
} from "@parlor/core";
import { anthropic, type AnthropicOptions } from "@parlor/anthropic";
import { fakeAnthropic, type FakeAnthropic, type FakeAnthropicOptions } from "@parlor/testkit/anthropic";

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

export interface Outcome {
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
  request: Partial<GenerateRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  const events: BackendEvent[] = [];
  let error: ChatError | undefined;
  try {
    const asked = { messages: [says("Hi")], settings: {}, ...request };
    for await (const batch of backend.generate(asked, signal)) events.push(...batch);
  } catch (thrown) {
    if (!ChatError.isInstance(thrown)) throw thrown;
    error = thrown;
  }
  const all = (type: "text" | "reasoning"): string =>
    events.map((event) => (event.type === type && "text" in event ? event.text : "")).join("");
  const finish = events.find((event) => event.type === "finish")?.reason;
  return { events, text: all("text"), reasoning: all("reasoning"), error, finish };
}
