import { afterEach } from "vitest";
import {
  ChatError,
  type BackendEvent,
  type GenerateRequest,
  type ModelBackend,
  type PromptMessage,
} from "@parlor/core";
import { google, type GoogleOptions } from "@parlor/google";
import { fakeGoogle, type FakeGoogle, type FakeGoogleOptions } from "@parlor/testkit/google";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

export function cleanUp(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

export interface Pair {
  readonly fake: FakeGoogle;
  readonly backend: ModelBackend;
}

export async function fakeOf(options: FakeGoogleOptions = {}): Promise<FakeGoogle> {
  const fake = await fakeGoogle(options);
  cleanUp(() => fake.close());
  return fake;
}

/** A fake provider and a backend that asks it; both end with the test. */
export async function pair(fakeOptions: FakeGoogleOptions = {}, options: Partial<GoogleOptions> = {}): Promise<Pair> {
  const fake = await fakeOf(fakeOptions);
  return { fake, backend: backendOf(fake, options) };
}

export function backendOf(fake: FakeGoogle, options: Partial<GoogleOptions> = {}): ModelBackend {
  const where = options.client ? {} : { baseURL: fake.url, apiKey: "AIza-test" };
  const backend = google({ model: "gemini-3.8-flash", retries: 0, ...where, ...options });
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
  request: Partial<GenerateRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  const batches: (readonly BackendEvent[])[] = [];
  let error: ChatError | undefined;
  try {
    const whole = { messages: [says("Hi")], settings: {}, ...request };
    for await (const batch of backend.generate(whole, signal)) batches.push(batch);
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
