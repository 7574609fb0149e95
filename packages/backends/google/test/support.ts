import { afterEach } from "vitest";
import type { GenerateRequest, ModelBackend } from "@parlor/core";
import { google, type GoogleOptions } from "@parlor/google";
import { gather, type Outcome } from "@parlor/testkit/backend";
import { fakeGoogle, type FakeGoogle, type FakeGoogleOptions } from "@parlor/testkit/google";

export { type Outcome, says } from "@parlor/testkit/backend";

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

/** Asks and gathers everything that came, and the error it ended with. */
export function ask(
  backend: ModelBackend,
  request: Partial<GenerateRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  return gather(backend, { request, signal });
}
